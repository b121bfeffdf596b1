"""Who may import whom (architecture §2): one order, no circles, and no Flask below the screens."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Lower packages never import higher ones; peers stand on one line and do not import each other.
ORDER = (
    ("core",),
    ("accounts", "customers"),
    ("machines", "roster"),
    ("tickets",),
    ("monitoring",),
    ("work_orders",),
    ("parts",),
    ("supply", "returns", "contracts"),
    ("service_reports",),
    ("billing", "callbacks", "records", "fleet"),
    ("desk", "machine_files", "analytics", "home", "imports"),
    ("api",),
    ("wiring", "factory", "cli", "demo", "release", "worker", "live", "wsgi", "run", "first_start", "supervisor", "deploy"),
)
RANK = {package: rank for rank, packages in enumerate(ORDER) for package in packages}
TOP = RANK["factory"]
# customers stand in an area of accounts; both are peers otherwise.
PEERS = {("customers", "accounts")}
MQTT_MAY_IMPORT = (
    "app.core",
    "app.machines.queries",
    "app.machines.profiles",
    "app.monitoring.messages",
    "app.monitoring.intake",
    "app.monitoring.evaluation",
    "app.work_orders.on_site",
)
WITHOUT_FLASK = ("models.py", "queries.py", "operations.py", "rules.py", "states.py", "messages.py", "evaluator.py", "warranty.py")
FLASK = ("flask", "flask_login", "flask_wtf", "flask_babel", "flask_htmx", "werkzeug", "wtforms")


def sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Full names of everything ``path`` imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "app" and len(parts) > 1 else None


def refused(path: Path) -> Iterator[str]:
    own = path.relative_to(ROOT / "app").parts[0].removesuffix(".py")
    for name in imports(path):
        other = package_of(name)
        if other is None or other == own or (own in RANK and RANK[own] == TOP):
            continue
        if own == "web":
            allowed = other == "core"
        elif other == "web":
            allowed = own != "core" and path.name not in WITHOUT_FLASK
        else:
            allowed = other in RANK and (RANK[other] < RANK.get(own, -1) or (own, other) in PEERS)
        if not allowed:
            yield f"{path.relative_to(ROOT)} imports {name}"


def test_it_works() -> None:
    """Every package has its place in the order."""
    packages = {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()}
    assert packages - set(RANK) == {"web", "migrations"}


def test_packages_import_only_what_is_below_them() -> None:
    assert [line for path in sources("app") for line in refused(path)] == []


def test_rules_and_writers_know_no_flask() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources("app")
        if path.name in WITHOUT_FLASK or {"models", "core", "intake"} & set(path.relative_to(ROOT).parts)
        for name in imports(path)
        if name.split(".")[0] in FLASK
    ]
    assert wrong == []


def test_mqtt_imports_little_of_app_and_nobody_imports_mqtt() -> None:
    upwards = [
        f"{path.name} imports {name}"
        for path in sources("mqtt")
        for name in imports(path)
        if package_of(name) and not name.startswith(MQTT_MAY_IMPORT) and not any(allowed.startswith(name) for allowed in MQTT_MAY_IMPORT)
    ]
    assert upwards == []
    assert [str(path) for path in sources("app") for name in imports(path) if name.split(".")[0] == "mqtt"] == []


def test_only_mqtt_knows_the_protocol() -> None:
    assert [str(path) for path in sources("app") for name in imports(path) if name.split(".")[0] in ("paho", "amqtt")] == []


def test_migrations_stand_alone() -> None:
    paths = (ROOT / "app" / "migrations").glob("*.py")
    assert [f"{path.name} imports {name}" for path in paths for name in imports(path) if name.startswith("app")] == []
