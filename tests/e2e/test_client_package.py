"""The C++ client as others use it: installed, found by find_package, built into clients/cpp/examples
outside the tree, and run against a server."""

import os
import shutil
import subprocess
import unittest

import harness

BUILD_DIR = harness.BIN_DIR.parent
EXAMPLE_DIR = harness.SOURCE_DIR / "clients" / "cpp" / "examples"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=500, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}")
    return done.stdout


def sanitizer_flags():
    """What a program needs that links libraries of this build."""
    cache = (BUILD_DIR / "CMakeCache.txt").read_text()
    if "ANNALS_ASAN:BOOL=ON" in cache:
        return "-fsanitize=address,undefined"
    return "-fsanitize=thread" if "ANNALS_TSAN:BOOL=ON" in cache else ""


class ClientPackageTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.root = cls.directory / "package"
        # As a packager does; DESTDIR stands for the root of another system.
        run("cmake", "--install", BUILD_DIR, "--component", "client", "--prefix", "/opt/annals",
            env={**os.environ, "DESTDIR": str(cls.root)})
        cls.prefix = cls.root / "opt" / "annals"
        cls.files = {str(path.relative_to(cls.prefix)) for path in cls.prefix.rglob("*")
                     if path.is_file()}

    def test_contract_and_client_are_installed_and_nothing_else(self):
        self.assertEqual({file for file in self.files if file.startswith("bin")}, set())
        for file in ("include/annals/client/client.h", "include/annals/v1/events.pb.h",
                     "include/annals/client/mocks/mock_connection.h",
                     "include/annals/v1/event_service.grpc.pb.h",
                     "share/annals/proto/annals/v1/events.proto",
                     "share/annals/proto/google/rpc/error_details.proto"):
            self.assertIn(file, self.files)
        self.assertEqual({file for file in self.files if "internal" in file}, set())

    def test_includes_resolve_in_the_package(self):
        """Nothing in it leads back into this tree or this build."""
        for file in self.files:
            if file.endswith((".h", ".cmake")):
                text = (self.prefix / file).read_text()
                for foreign in ('"clients/', '"storage/', '"service/', str(harness.SOURCE_DIR),
                                str(BUILD_DIR), "-Werror"):
                    self.assertNotIn(foreign, text, file)

    def test_example_builds_and_runs(self):
        source, build = self.directory / "example", self.directory / "example-build"
        shutil.copytree(EXAMPLE_DIR, source)
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={sanitizer_flags()} -O0 -g0")
        run("cmake", "--build", build)
        shown = run(build / "follow_feed", self.server.address, "example").splitlines()
        self.assertEqual(sorted(shown[:3]), [f"listed Battle {n}" for n in range(3)])
        self.assertEqual(shown[3:], ["following", "CHANGE_KIND_CREATED Battle 3"])
        self.assertEqual(self.client.count(harness.filter_pb.EventFilter(
            feeds=["feeds/example"])), 4)


if __name__ == "__main__":
    unittest.main()
