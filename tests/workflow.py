"""Runs the steps of the workflow in README.md as they stand there: python3 tests/workflow.py WHYLOGON EVIDENCE FOLDER

FOLDER becomes the checkout, with EVIDENCE as its evidence/. Steps that use other people's actions are not run: what they are
handed must be there. Prints each step's name with its exit code, and ends with that of the first that failed; 99 where the
workflow is not what is expected here."""
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

program, evidence, folder = sys.argv[1:4]
with open("README.md", encoding="utf-8") as f:
    block = re.search(r"```yaml\n(name: logon failures\n.*?)```", f.read(), re.S)
if not block:
    sys.exit(99)
steps, step = [], None
for line in block[1].split("    steps:\n")[1].splitlines():
    line = re.sub(r"\s+# .*", "", line)
    start = re.match(r"      - (\w+): (.*)", line)
    if start:
        step = {start[1]: start[2]}
        steps.append(step)
        continue
    more = re.match(r"        (\w+): (.*)", line)
    if more:
        step[more[1]] = "" if more[2] == "|" else more[2]
    elif line.startswith("          ") and "run" in step:
        step["run"] += line.strip() + "\n"
    else:
        sys.exit(99)
if [s.get("name") for s in steps if "run" in s] != ["analyze", "export", "verdict"]:
    sys.exit(99)
if not os.path.isdir(f"{folder}/bin"):
    os.makedirs(f"{folder}/bin")
    os.symlink(os.path.abspath(program), f"{folder}/bin/whylogon")
shutil.copytree(evidence, f"{folder}/evidence")
failed = 0
for step in steps:
    if failed and step.get("if") != "always()":  # success() is what holds without a word
        continue
    if "run" in step:  # as GitHub does it
        code = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=folder, check=False,
                              env={**os.environ, "PATH": f"{os.path.abspath(folder)}/bin:{os.environ['PATH']}"}).returncode
        print(f"{step['name']}: {code}", flush=True)
        failed = failed or code
    for path in re.findall(r"out/[\w.]+", step.get("with", "")):
        if not os.path.isfile(f"{folder}/{path}"):
            print("nobody made", path)
            sys.exit(99)
        if path.endswith(".sarif"):
            with open(f"{folder}/{path}", encoding="utf-8") as f:
                assert json.load(f)["version"] == "2.1.0"
        if path.endswith(".xml"):
            assert ElementTree.parse(f"{folder}/{path}").getroot().tag == "testsuites"
sys.exit(failed)
