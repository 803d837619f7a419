"""One small change of the code at run time, by which it protects less (or lets less through) than it should.

A mutant is applied to the modules of a process that is thrown away afterwards; the working tree is never touched.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shared.model import lifecycle
from shared.model.change import AnyOf, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.model.change import Condition
    from shared.model.lifecycle import Move, Status

ROOT = Path(__file__).parents[2]


class Place(NamedTuple):
    """A function of a module, or a method (`Class.method`): what has to be called for a mutant to make a difference."""

    module: str
    function: str


class Mutant(Protocol):
    @property
    def name(self) -> str:
        """Unique, and stable: what breaks if nobody minds, in a few words."""
        ...

    @property
    def places(self) -> frozenset[Place]:
        """A test that calls none of these runs as if there were no mutant."""
        ...

    def apply(self) -> None:
        """Change this process's modules, whether or not they are in use already."""
        ...


@dataclass(frozen=True, slots=True)
class ClauseMutant:
    """The changes of one move that the function at `made_at` makes lose a condition, or one alternative of it.

    `number` is its place among the conditions; `clause` and `alternative_clause` name what is lost. Only for callers
    outside of its module: a maker that calls another (`reap`, `run_now`) has mutants of its own.
    """

    made_at: Place
    move: Move
    number: int
    clause: str
    alternative: int | None = None
    alternative_clause: str | None = None

    @property
    def maker(self) -> str:
        return self.made_at.function

    @property
    def name(self) -> str:
        made = self.maker if self.maker == self.move else f"{self.maker} ({self.move})"
        if self.alternative_clause is not None:
            return f"{made} without the alternative {self.alternative_clause}, beside {self.clause.partition(' ')[0]}"
        return f"{made} without {self.clause}"

    @property
    def places(self) -> frozenset[Place]:
        return frozenset({self.made_at})

    def apply(self) -> None:
        home = vars(importlib.import_module(self.made_at.module))
        make = home[self.maker]

        @functools.wraps(make)
        def mutated(*args: Any, **kwargs: Any) -> Change | None:
            change: Change | None = make(*args, **kwargs)
            is_internal = sys._getframe(1).f_globals is home
            return change if is_internal or change is None or change.move is not self.move else self.weakened(change)

        for module in list(sys.modules.values()):
            if vars(module).get(self.maker) is make:
                setattr(module, self.maker, mutated)

    def weakened(self, change: Change) -> Change:
        when: list[Condition] = list(change.when)
        condition = when.pop(self.number)
        if self.alternative is not None:
            assert isinstance(condition, AnyOf)
            rest = [one for number, one in enumerate(condition.clauses) if number != self.alternative]
            when.insert(self.number, AnyOf(tuple(rest)))
        return replace(change, when=tuple(when))


@dataclass(frozen=True, slots=True)
class TableMutant:
    """A row of the table of legal moves with one status more among its sources, or one less."""

    move: Move
    status: Status
    places: frozenset[Place]

    @property
    def name(self) -> str:
        is_source = self.status in lifecycle.legal(self.move).sources
        return f"{self.move} {'not' if is_source else 'also'} from {self.status}"

    def apply(self) -> None:
        row = lifecycle.legal(self.move)
        mutated = replace(row, sources=row.sources ^ {self.status})
        lifecycle._BY_MOVE[self.move] = mutated
        rows = tuple(mutated if one is row else one for one in lifecycle.LEGAL_MOVES)
        setattr(lifecycle, "LEGAL_MOVES", rows)  # noqa: B010 -- it is Final


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """A function in which `replacement` stands for `fragment`, which occurs once in the file and within a function."""

    path: str
    name: str
    fragment: str
    replacement: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def places(self) -> frozenset[Place]:
        source = source_of(self.path)
        if source.count(self.fragment) != 1:
            raise ValueError(f"{self.name}: the fragment occurs {source.count(self.fragment)} times in {self.path}")
        line = source[: source.index(self.fragment)].count("\n") + 1
        found = [name for name, node in functions_of(self.path) if node.lineno <= line <= (node.end_lineno or 0)]
        if not found:
            raise ValueError(f"{self.name}: the fragment lies in no function of {self.path}")
        return frozenset({Place(self.module, found[0])})

    def apply(self) -> None:
        (place,) = self.places
        swap_code(place, self.mutated_tree())

    def mutated_tree(self) -> ast.Module:
        return ast.parse(source_of(self.path).replace(self.fragment, self.replacement), self.path)


@cache
def source_of(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@cache
def functions_of(path: str) -> tuple[tuple[str, ast.FunctionDef], ...]:
    """The functions and methods of a file by their qualified names, without those inside of others."""
    return tuple(_functions(ast.parse(source_of(path)).body))


def _functions(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")


def swap_code(place: Place, tree: ast.Module) -> None:
    """Give the function at `place` the code that it has in `tree`: whoever holds the function runs that from now on."""
    module = importlib.import_module(place.module)
    code = compile(tree, module.__file__ or "", "exec")
    _function_at(module, place.function).__code__ = _code_at(code, place.function)


def _function_at(module: ModuleType, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    found = getattr(found, "fget", found)
    found = getattr(found, "__wrapped__", found)
    assert isinstance(found, FunctionType), name
    return found


def _code_at(code: CodeType, name: str) -> CodeType:
    for part in name.split("."):
        (code,) = [one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == part]
    return code


def probe(places: Iterable[Place], reached: Callable[[Place], None]) -> None:
    """From now on each call of one of `places` is told to `reached`."""
    for place in places:
        path = place.module.replace(".", "/") + ".py"
        tree = ast.parse(source_of(path))
        node = dict(_functions(tree.body))[place.function]
        call = ast.parse(f"__reached__({place.function!r})").body[0]
        node.body.insert(0, ast.fix_missing_locations(ast.copy_location(call, node)))
        module = importlib.import_module(place.module)
        vars(module)["__reached__"] = lambda function, module=place.module: reached(Place(module, function))
        swap_code(place, tree)
