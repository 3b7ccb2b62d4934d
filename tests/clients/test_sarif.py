"""What `redoubt assess` and `redoubt scan` write as SARIF, judged by the standard's own JSON schema."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jsonschema

BINARY = os.environ["REDOUBT_BINARY"]
SCHEMA = json.loads(pathlib.Path(os.environ["REDOUBT_SARIF_SCHEMA"]).read_text())
SAMPLES = pathlib.Path(__file__).parents[2] / "crates" / "assess" / "samples"

# Verdicts of every kind, with and without lines, from texts of several families.
TEXTS = {
    "router.txt": (SAMPLES / "router.log").read_text(),
    "cut off.txt": "core1# show running-config\n!Command: show running-config\nversion 9.3(5)\nhostname core1\n--More--\ncore1# ",
    "two-devices.txt": "version 15.2\nhostname R1\nend\nversion 15.2\nhostname R2\nend\n",
    "\u00e4\u00f6\u00fc %20.txt": "set version 20.4R3\nset system host-name \u00e9dge\nset system services telnet\n",
}


def run(*arguments):
    """Runs the program; gives its exit status and what it printed."""
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


class Sarif(unittest.TestCase):
    def judge(self, text):
        """The log, which keeps to the schema and to the rules that a schema can't say."""
        log = json.loads(text)
        validator = jsonschema.Draft4Validator(SCHEMA)
        errors = [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(log)]
        self.assertEqual(errors, [])
        for one in log["runs"]:
            rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
            self.assertEqual(len(rules), len(set(rules)))
            for result in one["results"]:
                self.assertIn(result["ruleId"], rules)
                if "ruleIndex" in result:
                    self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
                if result.get("kind", "fail") != "fail":
                    self.assertEqual(result["level"], "none")
                for location in result["locations"]:
                    uri = location["physicalLocation"]["artifactLocation"]["uri"]
                    self.assertRegex(uri, r"^[!-~]+$")
        return log

    def test_the_schema_refuses_what_is_no_sarif(self):
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(SCHEMA).validate({"version": "2.1.0", "runs": [{}]})

    def test_assessments_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, text in TEXTS.items():
                files.append(pathlib.Path(folder) / name)
                files[-1].write_text(text)
            for file in files:
                status, out, err = run("assess", file, "--format", "sarif")
                self.assertIn(status, (0, 1, 3), err)
                self.judge(out)
            status, out, err = run("assess", *files, "--format", "sarif")
            log = self.judge(out)
            kinds = {result["kind"] for result in log["runs"][0]["results"]}
            self.assertEqual(kinds, {"fail", "review"}, err)

    def test_an_assessment_of_this_machine(self):
        _, out, _ = run("assess", "--this-host", "--format", "sarif")
        self.judge(out)

    def test_scans(self):
        served = subprocess.Popen(
            [BINARY, "range", "--family", "xss-reflected"], stdout=subprocess.PIPE, text=True
        )
        try:
            base = re.search(r"(http://127\.0\.0\.1:\d+)", served.stdout.readline()).group(1)
            for case, found in (("text", 1), ("text-form", 1), ("text/nothing-here", 0)):
                target = f"{base}/case/xss-reflected/{case}"
                _, out, err = run("scan", target, "--scope", "limit", "--browser", "never", "--format", "sarif")
                log = self.judge(out)
                results = log["runs"][0]["results"]
                self.assertEqual(any(one["ruleId"] == "150001" for one in results), bool(found), err)
        finally:
            served.terminate()
            served.wait(timeout=30)
            served.stdout.close()


if __name__ == "__main__":
    unittest.main()
