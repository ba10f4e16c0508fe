"""What people install: the wheel and the sdist hold the whole house, once, under one import name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("app", "widgets", "services")

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import mcpdeck.app, mcpdeck.widgets, mcpdeck.services
names = []
for floor in (mcpdeck.app, mcpdeck.widgets, mcpdeck.services):
    names.append(floor.__name__)
    names += [module.name for module in pkgutil.walk_packages(floor.__path__, floor.__name__ + ".")]
for name in names:
    if not name.endswith(".__main__"):
        importlib.import_module(name)
print(json.dumps({"names": names, "home": mcpdeck.app.__file__}))
"""


def sources() -> set[str]:
    """Every file of the three floors that the wheel must hold, as a path in the wheel."""
    return {
        f"mcpdeck/{path.relative_to(ROOT).as_posix()}"
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel (built from the sdist, as a person's pip does) and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_house_once(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        duplicates = [name for name, count in Counter(names).items() if count > 1]
        assert duplicates == []
        inside = {name for name in names if ".dist-info/" not in name}
        assert inside == sources()


def test_no_file_of_the_wheel_stands_in_it_twice_under_two_names(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        contents = Counter(
            archive.read(entry)
            for entry in archive.infolist()
            if entry.file_size and ".dist-info/" not in entry.filename
        )
    assert [text[:80] for text, count in contents.items() if count > 1] == []


def test_the_only_top_level_package_is_mcpdeck(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        roots = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" not in name}
    assert roots == {"mcpdeck"}


def test_the_sdist_holds_what_is_needed_to_build_and_no_more_than_the_project(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert {name.removeprefix("mcpdeck/") for name in sources()} <= names
    assert not [name for name in names if ".env/" in name or name.startswith(".venv")]


def test_every_module_of_the_installed_wheel_imports(wheel: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    venv.create(clean, with_pip=False)
    python = clean / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(clean), "platbase": str(clean)}))
    subprocess.run(
        (sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)),
        check=True,
        timeout=60,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    # The dependencies come from the environment that runs the tests, the package itself does not: a path
    # line in a .pth file is added to sys.path, while the .pth of the editable install over there is not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run(
        (str(python), "-I", "-c", IMPORT_ALL), capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["home"]).is_relative_to(clean)
    assert set(told["names"]) == {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in sources()
        if name.endswith(".py")
    }
    assert (clean / "bin" / "mcpdeck").exists()
