"""House style that a machine can see: the long tail, words not used as names, templates under a strict CSP, vendored files."""

import ast
import hashlib
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_VIEW = 25
MEDIAN_VIEW = 8
NOT_NAMES = frozenset({"helper", "helpers", "util", "utils", "manager", "handler", "data", "info", "process"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(path for folder in ("app", "mqtt") for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, Function):
            yield node


def lines_of(function: Function) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_view(function: Function) -> bool:
    return any("blueprint." in ast.unparse(decorator) for decorator in function.decorator_list)


def views() -> list[tuple[str, int]]:
    return [(f"{path.relative_to(ROOT)}:{one.name}", lines_of(one)) for path in sources() for one in functions(path) if is_view(one)]


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_it_works() -> None:
    assert len(sources()) > 50
    assert len(views()) > 20
    assert len(templates()) > 20


def test_no_file_is_too_long_to_be_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf8").splitlines()) for path in sources()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {f"{path.relative_to(ROOT)}:{one.name}": lines_of(one) for path in sources() for one in functions(path)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_views_are_short() -> None:
    assert [(name, length) for name, length in views() if length > LONGEST_VIEW] == []
    assert median(length for _, length in views()) <= MEDIAN_VIEW


def test_no_module_function_or_class_has_a_name_that_says_nothing() -> None:
    named = [(path, path.stem) for path in sources()]
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, (ast.ClassDef, *Function.__args__)):
                named.append((path, node.name))
    assert [f"{path.relative_to(ROOT)}: {name}" for path, name in named if name.lower().lstrip("_") in NOT_NAMES] == []


def test_templates_need_no_exception_from_the_csp() -> None:
    wrong = re.compile(r"<script(?![^>]*\bsrc=)|<style[\s>]|\sstyle=|\son[a-z]+=|\shx-on|javascript:", re.IGNORECASE)
    texts = {path: re.sub(r"{#.*?#}", "", path.read_text("utf8"), flags=re.DOTALL) for path in templates()}
    found = [f"{path.relative_to(ROOT)}: {match.group()}" for path, text in texts.items() for match in wrong.finditer(text)]
    assert found == []


def test_vendored_files_are_what_was_fetched_and_carry_their_licence() -> None:
    vendor = ROOT / "static" / "vendor"
    sums = dict(reversed(line.split(maxsplit=1)) for line in (vendor / "SHA384SUMS").read_text("ascii").splitlines() if line)
    files = {str(path.relative_to(vendor)): path for path in vendor.rglob("*") if path.is_file() and path.name != "SHA384SUMS"}
    assert {name.lstrip("*") for name in sums} == set(files)
    for name, path in files.items():
        digest = hashlib.sha384(path.read_bytes())
        assert sums[name] in (digest.hexdigest(), f"sha384-{b64encode(digest.digest()).decode()}"), name
    assert all(any(folder.glob("LICENSE*")) for folder in vendor.iterdir() if folder.is_dir())


def test_nothing_committed_names_a_package_index_or_a_place_on_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    places = re.compile(
        "|".join(("find" + "-links = /", "extra-index" + "-url =", "/opt/" + "pypi", "/opt/" + "wheels", "/work/" + "main"))
    )
    texts = [name for name in listed if not name.startswith(("static/vendor", "tests/browser/vendor")) and (ROOT / name).is_file()]
    assert [name for name in texts if places.search((ROOT / name).read_text("utf8", "ignore"))] == []
