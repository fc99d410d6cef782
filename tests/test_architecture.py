"""Arrows go one way: question_bank <- models <- assistant <- assistant/ui, assistant/cli <- app.py."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FRONT_ENDS = ("assistant.ui", "assistant.cli", "assistant.__main__")
# late imports keep the page and --help fast: these must not be paid for by importing the domain
HEAVY = {"torch", "transformers", "sentence_transformers", "gradio", "pandas", "plotly", "ray"}
# networks are torch through and through: they may import it, and whoever uses them imports them late
NETWORKS = {f"models.grader.{name}" for name in ("network", "states", "reader", "train", "calibrate", "evaluate")}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*places: str) -> list[Path]:
    found = [ROOT / place for place in places]
    return sorted(path for place in found for path in ([place] if place.suffix else place.rglob("*.py")))


def imports(path: Path, late: bool = True) -> set[str]:
    """Full names of what a file imports; `late`: those inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module_name(path).split(".")
    names: set[str] = set()
    for node in ast.walk(tree) if late else _at_import_time(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + (path.name == "__init__.py")] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return names


def _at_import_time(tree: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not for_types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found += [node, *_at_import_time(node)]
    return found


def within(name: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


DOMAIN = [path for path in sources("assistant") if not within(module_name(path), FRONT_ENDS)]


def test_there_is_something_to_check():
    names = {module_name(path) for path in sources("assistant", "models")}
    assert {"assistant", "assistant.interview", "models.encoder"} <= names
    assert "models.encoder" in {name for path in DOMAIN for name in imports(path)}


@pytest.mark.parametrize("path", sources("assistant", "models"), ids=module_name)
def test_only_the_web_app_imports_gradio(path):
    if not within(module_name(path), ("assistant.ui",)):
        assert not [name for name in imports(path) if within(name, {"gradio"})]


@pytest.mark.parametrize("path", sources("models"), ids=module_name)
def test_models_know_nothing_of_the_assistant(path):
    assert not [name for name in imports(path) if within(name, {"assistant", "app", "tests", "benchmarks"})]


@pytest.mark.parametrize("path", DOMAIN, ids=module_name)
def test_the_domain_knows_nothing_of_its_front_ends(path):
    assert not [name for name in imports(path) if within(name, {*FRONT_ENDS, "app", "tests", "benchmarks"})]


@pytest.mark.parametrize("path", sources("assistant", "models", "app.py"), ids=module_name)
def test_the_question_bank_is_data(path):
    if path.exists():
        assert not [name for name in imports(path) if within(name, {"question_bank"})]


@pytest.mark.parametrize("path", [*DOMAIN, *sources("models")], ids=module_name)
def test_heavy_libraries_are_imported_late(path):
    if not within(module_name(path), NETWORKS):
        assert not [name for name in imports(path, late=False) if within(name, HEAVY | NETWORKS)]
