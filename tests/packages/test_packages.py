"""The agent's installers, on a Debian that has nothing else: installed, enrolled, reporting, and gone without a trace.

Run as root with the paths of both programs in REDOUBT_BINARY and REDOUBT_AGENT and a folder for what is kept in
REDOUBT_PACKAGES_CACHE: `python3 tests/packages/test_packages.py`. Exits with 75 where the machine can't do it.
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from root import Impossible, Root, run

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "clients"))
from redoubt_server import Server  # noqa: E402

BINARY = os.environ["REDOUBT_BINARY"]
AGENT = os.environ["REDOUBT_AGENT"]
CACHE = os.environ["REDOUBT_PACKAGES_CACHE"]
SKIPPED = 75
MACHINE = os.uname().machine
DEB = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]
ARCHITECTURE = {"x86_64": "X_86_64", "aarch64": "ARM_64"}[MACHINE]


def setUpModule():
    global server, folder, packages
    folder = tempfile.TemporaryDirectory(prefix="redoubt-packages-")
    server = Server(BINARY)
    output = redoubt("build", "--agent", AGENT, "--output", folder.name, "--data", server.directory.name)
    packages = {pathlib.Path(line).suffix: line for line in output.splitlines() if line.startswith("/")}
    assert set(packages) == {".deb", ".rpm", ".gz"}, output


def tearDownModule():
    server.stop()
    folder.cleanup()


def redoubt(*arguments):
    return run(BINARY, "binaries", *arguments).stdout


def ask(path, body=None, headers=(), user=None):
    """Status, headers and body of an answer."""
    login = base64.b64encode((user or f"admin:{server.password}").encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "text/xml", **dict(headers)}
    request = urllib.request.Request(f"http://{server.http}{path}", body and body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def eventually(what):
    """What a question gives, as soon as it gives something."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.2)
    raise AssertionError("it never came")


def activation_key():
    """The key that the server said at its first start."""
    return server.said_after("activation key for agents ")


class Formats(unittest.TestCase):
    """What the tools of the distributions say of the files."""

    def test_the_same_agent_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as other:
            redoubt("build", "--agent", AGENT, "--output", other)
            for path in packages.values():
                again = pathlib.Path(other) / pathlib.Path(path).name
                self.assertEqual(pathlib.Path(path).read_bytes(), again.read_bytes())

    def test_dpkg_reads_the_deb(self):
        about = run("dpkg-deb", "--info", packages[".deb"]).stdout
        for words in ["Package: redoubt-agent", f"Architecture: {DEB}", "libc6 (>= 2.", "postinst", "prerm", "postrm"]:
            self.assertIn(words, about)
        contents = run("dpkg-deb", "--contents", packages[".deb"]).stdout
        self.assertRegex(contents, r"-rwxr-xr-x root/root +\d+ \S+ \S+ \./usr/bin/redoubt-agent")
        with tempfile.TemporaryDirectory() as place:
            run("dpkg-deb", "--extract", packages[".deb"], place)
            own = (pathlib.Path(place) / "usr/bin/redoubt-agent").read_bytes()
        self.assertEqual(own, pathlib.Path(AGENT).read_bytes())

    def test_rpm_reads_and_checks_the_rpm(self):
        path = packages[".rpm"]
        listed = run("rpm", "-qpl", path).stdout.split()
        self.assertIn("/usr/bin/redoubt-agent", listed)
        self.assertIn("/usr/lib/systemd/system/redoubt-agent.service", listed)
        self.assertNotIn("/usr/bin", listed)
        checked = run("rpm", "-Kv", path).stdout
        self.assertIn("SHA256 digest: OK", checked)
        self.assertNotRegex(checked, "(?i)bad|not ok")
        about = run("rpm", "-qpi", path).stdout
        self.assertRegex(about, rf"Architecture: {MACHINE}")
        needs = run("rpm", "-qp", "--requires", path).stdout
        self.assertRegex(needs, r"libc\.so\.6\(GLIBC_2\.\d+\)\(64bit\)")
        unpacked = subprocess.run(f"rpm2cpio {path} | cpio -i --to-stdout ./usr/bin/redoubt-agent", shell=True,
                                  check=True, capture_output=True).stdout
        self.assertEqual(unpacked, pathlib.Path(AGENT).read_bytes())

    def test_rpm_refuses_a_package_with_a_changed_byte(self):
        whole = pathlib.Path(packages[".rpm"]).read_bytes()
        with tempfile.NamedTemporaryFile(suffix=".rpm") as changed:
            changed.write(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
            changed.flush()
            self.assertNotEqual(subprocess.run(["rpm", "-K", changed.name], capture_output=True).returncode, 0)

    def test_tar_reads_the_archive(self):
        with tarfile.open(packages[".gz"]) as archive:
            names = archive.getnames()
            self.assertTrue(all(member.uid == 0 for member in archive.getmembers()))
        top = names[0]
        for name in ["install.sh", "uninstall.sh", "root/usr/bin/redoubt-agent"]:
            self.assertIn(f"{top}/{name}", names)


class Served(unittest.TestCase):
    """What was registered is what the API hands out, beside a server that was running all along."""

    def test_info_and_file_agree_and_a_download_goes_on_where_it_broke_off(self):
        body = f"<ServiceRequest><data><BinaryInfo><platform>LINUX_UBUNTU</platform>" \
               f"<architecture>{ARCHITECTURE}</architecture></BinaryInfo></data></ServiceRequest>"
        _, _, info = ask("/qps/rest/1.0/process/ca/binaryinfo/", body)
        told = re.search(r"Hash-SHA-256 : ([0-9a-f]{64})", info.decode()).group(1)
        summed = run("sha256sum", packages[".deb"]).stdout.split()[0]
        self.assertEqual(told, summed)
        url = f"http://{server.http}/qps/rest/1.0/download/ca/downloadbinary"
        request = body.replace("BinaryInfo", "DownloadBinary")
        login = f"admin:{server.password}"
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place) / "agent.deb"
            run("curl", "-fsSu", login, "--noproxy", "*", "-H", "Content-Type: text/xml", "-d", request, "-o", file, url)
            whole = file.read_bytes()
            self.assertEqual(whole, pathlib.Path(packages[".deb"]).read_bytes())
            file.write_bytes(whole[: len(whole) // 3])
            by_get = f"{url}?platform=LINUX_UBUNTU&architecture={ARCHITECTURE}"
            run("curl", "-fsSu", login, "--noproxy", "*", "-C", "-", "-o", file, by_get)
            self.assertEqual(file.read_bytes(), whole)
            wrong = subprocess.run(["curl", "-fsSu", login, "--noproxy", "*", f"{url}?platform=AIX&architecture=POWER_5"],
                                   capture_output=True, text=True)
            self.assertEqual((wrong.returncode, wrong.stdout), (22, ""))
            self.assertIn("404", wrong.stderr)


class Machine(unittest.TestCase):
    """On a clean Debian. Each test has one of its own."""

    def setUp(self):
        self.root = Root(CACHE)
        self.addCleanup(self.root.remove)
        # Hosts are known by their machine id: two of them must not be one.
        for place in ["etc/machine-id", "var/lib/dbus/machine-id"]:
            if (self.root.path / place).parent.is_dir():
                (self.root.path / place).unlink(missing_ok=True)
                (self.root.path / place).write_text(os.urandom(16).hex() + "\n")

    def options(self):
        return f"ActivationId={activation_key()} ServerUri=http://{server.http}/CloudAgent/"

    def sh(self, script):
        return self.root.sh(script)

    def as_agent(self, command):
        return f"setpriv --reuid=redoubt-agent --regid=redoubt-agent --clear-groups {command}"

    @contextlib.contextmanager
    def running(self):
        machine = self.root.boot()
        try:
            yield machine
        finally:
            machine.stop()

    def user(self):
        return (self.root.path / "etc/passwd").read_text().split("redoubt-agent:x:")[1].split(":")[0]

    def asset(self, agent):
        """The asset that an agent reports for, once it has reported."""
        body = f"<ServiceRequest><filters><Criteria field='agentUuid' operator='EQUALS'>{agent}</Criteria></filters></ServiceRequest>"

        def found():
            text = ask("/qps/rest/2.0/search/am/hostasset", body)[2].decode()
            return text if "<HostAssetSoftware>" in text else None

        asset = eventually(found)
        self.assertIn("<count>1</count>", asset)
        self.assertIn("<trackingMethod>QAGENT</trackingMethod>", asset)
        return asset

    def reports(self, configure):
        """From an installation to an asset with its software."""
        said = self.sh(configure)
        self.assertIn("enrolled", said)
        state = self.root.path / "var/lib/redoubt-agent"
        for path in [state, *state.iterdir()]:
            self.assertEqual(str(path.stat().st_uid), self.user(), path)
        config = self.root.path / "etc/redoubt-agent/agent.conf"
        self.assertEqual(config.stat().st_mode & 0o777, 0o640)
        self.sh(self.as_agent("/usr/bin/redoubt-agent run --once --no-cloud"))
        self.assertIn("<name>libc6</name>", self.asset(json.loads((state / "identity.json").read_text())["agentId"]))

    def demand_untouched(self, before):
        after = self.root.listing()
        self.assertEqual(sorted(set(after) ^ set(before)), [])
        changed = [path for path in before if before[path] != after[path]]
        self.assertEqual(changed, [])

    def test_the_deb_runs_as_a_service_and_leaves_no_trace(self):
        # What the first start of any Debian writes is no trace of the agent.
        self.root.boot().stop()
        before = self.root.listing()
        self.root.put(packages[".deb"], "/root/redoubt-agent.deb")
        state = self.root.path / "var/lib/redoubt-agent/identity.json"
        with self.running() as machine:
            machine.sh("dpkg -i /root/redoubt-agent.deb")
            machine.sh("systemd-analyze verify /usr/lib/systemd/system/redoubt-agent.service")
            self.assertEqual(machine.sh("systemctl is-enabled redoubt-agent"), "enabled\n")
            self.assertEqual(machine.sh("systemctl is-active redoubt-agent || true"), "inactive\n")
            # The line of the deployment scripts that are used elsewhere.
            configure = f"/usr/local/qualys/cloud-agent/bin/qualys-cloud-agent.sh {self.options()}"
            self.assertIn("enrolled", machine.sh(configure))
            agent = json.loads(state.read_text())["agentId"]
            asset = self.asset(agent)
            self.assertRegex(asset, "<os>[^<]*Debian")
            self.assertIn("<name>redoubt-agent</name>", asset)
            for unit in ["redoubt-agent", "qualys-cloud-agent"]:
                self.assertEqual(machine.sh(f"systemctl is-active {unit}"), "active\n")
            status = machine.sh("cat /proc/$(systemctl show --value -p MainPID redoubt-agent)/status")
            user = self.user()
            self.assertRegex(status, rf"Uid:\t{user}\t{user}\t{user}\t{user}\n")
            self.assertRegex(status, "CapBnd:\t0+\n")
            # Again: it is the same agent, and the service goes on.
            self.assertIn("enrolled before", machine.sh(configure))
            # An upgrade keeps identity and settings, and starts the new program.
            machine.sh("dpkg -i /root/redoubt-agent.deb")
            self.assertEqual(machine.sh("systemctl is-active redoubt-agent"), "active\n")
            self.assertEqual(json.loads(state.read_text())["agentId"], agent)
        with self.running() as machine:
            # It starts with the machine.
            self.assertEqual(machine.sh("systemctl is-active redoubt-agent"), "active\n")
            # Removing keeps what purging removes.
            machine.sh("dpkg -r redoubt-agent")
            self.assertTrue(state.exists())
            self.assertFalse((self.root.path / "usr/bin/redoubt-agent").exists())
            self.assertEqual(machine.sh("systemctl is-active redoubt-agent || true"), "inactive\n")
            machine.sh("dpkg -i /root/redoubt-agent.deb")
            self.assertEqual(machine.sh("systemctl is-active redoubt-agent || true"), "inactive\n")
            machine.sh("systemctl start redoubt-agent && systemctl is-active redoubt-agent")
            machine.sh("dpkg -P redoubt-agent")
            self.assertEqual(machine.sh("systemctl list-units --all --no-legend '*redoubt*' '*qualys*'"), "")
        self.demand_untouched(before)

    def test_an_image_enrols_when_it_starts(self):
        self.root.put(packages[".deb"], "/root/redoubt-agent.deb")
        self.sh("dpkg -i /root/redoubt-agent.deb")
        said = self.sh(f"redoubt-agent configure {self.options()} GoldenImage=true EnableCgroup=1")
        self.assertIn("no effect on this agent option=EnableCgroup", said)
        state = self.root.path / "var/lib/redoubt-agent/identity.json"
        self.assertFalse(state.exists())
        with self.running():
            eventually(state.exists)
            self.asset(json.loads(state.read_text())["agentId"])

    def test_the_archive_is_installed_enrols_reports_and_leaves_no_trace(self):
        before = self.root.listing()
        self.root.put(packages[".gz"], "/tmp/redoubt-agent.tar.gz")
        self.sh("cd /tmp && tar -xzf redoubt-agent.tar.gz && redoubt-agent-*/install.sh")
        self.reports(f"redoubt-agent configure {self.options()}")
        self.sh("/tmp/redoubt-agent-*/uninstall.sh")
        self.demand_untouched(before)

    def test_the_rpm_is_installed_enrols_reports_and_leaves_no_trace(self):
        root = str(self.root.path)
        before = self.root.listing()
        # The libraries are there, and dpkg's: rpm does not know them.
        inside = ["unshare", "--mount", "sh", "-ec", f"mount -t proc proc {root}/proc; exec rpm --root {root} \"$@\"", "sh"]
        run(*inside, "-i", "--nodeps", "--noplugins", packages[".rpm"])
        run(*inside, "-V", "--nodeps", "redoubt-agent")
        self.reports(f"redoubt-agent configure {self.options()}")
        run(*inside, "-U", "--nodeps", "--replacepkgs", packages[".rpm"])
        self.assertTrue((self.root.path / "var/lib/redoubt-agent/identity.json").exists())
        run(*inside, "-e", "redoubt-agent")
        self.demand_untouched(before)


def main():
    try:
        root = Root(CACHE)
        root.boot().stop()
        root.remove()
    except Impossible as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
