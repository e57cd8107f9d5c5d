/* name: what a container calls its members, as text for reports: UTF-8, folders parted by '/', no way out of
 * the container. The text lives in the caller's arena. It refuses nothing: names are never opened as paths,
 * so a hostile one is shown, with what would climb made harmless. */
#ifndef CONTAINER_NAME_H
#define CONTAINER_NAME_H
#include "base/arena.h"
#include "base/str.h"

/* raw: the bytes as stored, of UTF-8 or, where they are none, of code page 850 (what Explorer writes in
 * Western Europe; of its letters 437 has most at the same place). '/' and '\' part folders alike. Parts that
 * say nothing ("", ".") go; ".." becomes "%2E%2E", and *climbs is set. At most LIM_MEMBER_NAME bytes, cut
 * between characters with an ellipsis behind. Nothing left: "(unnamed)". .p NULL when the arena is exhausted.
 */
struct str member_name(struct str raw, struct arena *a, bool *climbs);

/* The last part of a container's own name without the ending that says how it is packed: "System.evtx.gz" ->
 * "System.evtx"; for what is packed alone. */
struct str packed_name(struct str container);
#endif
