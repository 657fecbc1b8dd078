"""Write the pages of the reference, which are not kept in git: run by `make docs`.

`commands.md` is what each `--help` prints. The pages on Python name what is public; their text
comes from the docstrings when the site is built (`make docs`).
"""

import ast
from pathlib import Path

from click.testing import CliRunner

from steelyard.cli import COMMANDS, main

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src" / "steelyard"
# The parts that `import steelyard` offers as modules, in the order of the navigation.
MODULES = (
    "callbacks", "decision", "feeds", "layers", "losses", "metrics", "resample", "sampling_plan",
    "surgery", "techniques", "weights",
)  # fmt: skip


def pages() -> dict[str, str]:
    """File name -> text of every page of the reference."""
    made = {f"{name}.md": module_page(name) for name in MODULES}
    return {"commands.md": commands_page(), "python.md": front_page()} | made


def commands_page() -> str:
    """Every command with its help, as the terminal shows it."""
    parts = ["# Commands\n", "What `steelyard COMMAND --help` prints.\n"]
    for name in COMMANDS:
        shown = CliRunner().invoke(main, [name, "--help"], terminal_width=80).output
        shown = shown.replace("Usage: main ", "Usage: steelyard ")
        parts.append(f"## {name}\n\n```text\n{shown.rstrip()}\n```\n")
    return "\n".join(parts)


def front_page() -> str:
    """What stands in `steelyard` itself."""
    tree = ast.parse((SOURCE / "__init__.py").read_text("utf-8"))
    head = "# steelyard\n\n`import steelyard as sy`\n"
    names = [f"{home}.{name}" for name, home in _lazy(tree).items()]
    return "\n".join([head, *map(_entry, names), _entry("steelyard.errors.SteelyardError")])


def module_page(name: str) -> str:
    """The public names of a module, in the order of its `__all__`."""
    package = SOURCE / name / "__init__.py"
    tree = ast.parse((package if package.exists() else SOURCE / f"{name}.py").read_text("utf-8"))
    head = f"# {name}\n\n`from steelyard import {name}`: {ast.get_docstring(tree, clean=True)}\n"
    lazy = {key: f"steelyard.{name}.{home}" for key, home in _lazy(tree).items()}
    public = [f"{lazy.get(one, f'steelyard.{name}')}.{one}" for one in _exported(tree)]
    return "\n".join([head, *map(_entry, public)])


def _entry(path: str) -> str:
    name = path.rpartition(".")[2]
    return f"::: {path}\n    options:\n      heading: {name}\n      toc_label: {name}\n"


def _exported(tree: ast.Module) -> list[str]:
    value, lazy = _assigned(tree, "__all__"), list(_lazy(tree))
    if isinstance(value, ast.List):
        at_once = [one.value for one in value.elts if isinstance(one, ast.Constant)]
        return [*lazy, *at_once]
    if value is not None:
        return lazy  # list(_HOME)
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


def _lazy(tree: ast.Module) -> dict[str, str]:
    """Name -> module of what is loaded on first use."""
    value = _assigned(tree, "_HOME")
    return {} if value is None else ast.literal_eval(value)


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return node.value
    return None


if __name__ == "__main__":
    for file, text in pages().items():
        (HERE / file).write_text(text, encoding="utf-8")
