"""From a layout to a mapping that a person can confirm: header names and values are weighed, and what is unclear becomes a question.

Score of a pair (contract column, file column), 0 to 100: likeness of names, and whether the values can be what the contract wants. Pairs
are taken from the best down, each column once. What no column can say (the leg, who sells) is asked; nothing is guessed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz
from stdnum import ean

from core.errors import InputRefusedError
from ingestion.contracts import FEEDS, Column, Feed
from ingestion.intake.sniffing import ColumnSample, Layout
from ingestion.intake.vocabulary import NAMES
from ingestion.profiles.model import FeedProfile

REASONS = {
    "name": "its name reads like it", "gtin": "every value has the check digit of a GTIN", "gln": "every value has the check digit of a GLN",
    "values": "each value is translated", "dates": "every value is such a date", "party_and_day": "no column numbers the documents: one per partner and day",
    "product_is_line": "no column numbers the lines: the product does", "quantity_times_price": "no column holds the amount: quantity times price",
}  # fmt: skip
"""Why a mapping is proposed."""

SURE_PERCENT = 75
"""A partner's word that is at least so much like one of the contract's words has a usual answer."""

SCORE_MIN = 68
"""Below this a column of the file is not proposed for a contract column."""

FILLED_BY_US = frozenset({"document_id", "source_zone", "currency"})
DEFAULTS = {"line_kind": "order", "line_status": "confirmed", "status": "", "kind": ""}
"""What is said of every row unless a person says otherwise, where there is a usual answer."""


OWN_NUMBERS = "own"
"""A reference whose numbers are those of the source's own master."""


@dataclass(frozen=True, slots=True)
class ColumnProposal:
    """One contract column: the mapping that is proposed, how sure (0 to 100), why (words of `REASONS`), and values it would read."""

    column: str
    mapping: Mapping[str, Any]
    score: int
    reasons: tuple[str, ...]
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a person has to say. `key` is how the answer is given; `choices` empty: any text; `default` None: it must be answered."""

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping for one feed. `coverage`: share of the contract's required columns that the file itself can fill."""

    layout: Layout
    feed: str
    columns: tuple[ColumnProposal, ...]
    questions: tuple[Question, ...]
    unused: tuple[str, ...]
    coverage: float

    @property
    def explained(self) -> float:
        """Share of the file's columns that the mapping uses."""
        return 1 - len(self.unused) / len(self.layout.columns)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Those without a usual answer."""
        return tuple(question for question in self.questions if question.default is None)


def propose(
    layout: Layout, feed: str | None = None, among: Sequence[str] = tuple(FEEDS), chosen: Mapping[str, str | None] | None = None
) -> Proposal:
    """The best mapping of a layout: of that feed, else of the one of `among` that the file fills best.

    `chosen`: contract column -> column of the file as a person says (None: leave it out); the rest is proposed around it.
    Raises InputRefusedError ING-642 for no such feed, ING-643 for a column that is not there.
    """
    if feed is not None and feed not in among:
        raise InputRefusedError("ING-642", where=f"file {layout.file_name}", found=f"no feed '{feed}'",
                                expected=f"one of {', '.join(among)}", next_step="Name a feed of docs/data-contracts.md.")  # fmt: skip
    chosen = chosen or {}
    strangers = sorted({header for header in chosen.values() if header} - {column.name for column in layout.columns})
    if strangers:
        raise _not_whole(layout, f"columns that the file does not have: {', '.join(strangers)}")
    proposals = [_proposal(layout, FEEDS[name], chosen) for name in ([feed] if feed else among)]
    return max(proposals, key=lambda one: (round(one.coverage + one.explained, 2), sum(column.score for column in one.columns)))


def answered(proposal: Proposal, answers: Mapping[str, str]) -> FeedProfile:
    """The feed's profile with a person's answers.

    Raises InputRefusedError ING-643 when a question is open, an answer is none of its choices, or the mapping is not whole.
    """
    layout = proposal.layout
    known = {question.key: question for question in proposal.questions}
    columns: dict[str, Any] = {one.column: dict(one.mapping) for one in proposal.columns}
    said = {key: question.default for key, question in known.items() if question.default is not None} | dict(answers)
    missing = [f"{question.key} ({question.text})" for question in known.values() if not said.get(question.key)]
    wrong = [
        f"{key} = {value}"
        for key, value in said.items()
        if key in known and known[key].choices and value and value not in known[key].choices
    ]
    if missing or wrong:
        raise _not_whole(
            layout, "; ".join([*(f"no answer to {one}" for one in missing), *(f"{one}, which is no choice" for one in wrong)])
        )
    settings: dict[str, Any] = {"feed": proposal.feed, "files": escape(layout.file_name), "format": layout.format}
    settings |= _styles(layout, said)
    _translate(columns, said)
    for kind, key in (("const.", "const"), ("scheme.", "scheme"), ("format.", "format")):
        for name, value in ((k.removeprefix(kind), v) for k, v in said.items() if k.startswith(kind) and v):
            if key == "const":
                columns.setdefault(name, {"const": value})
            elif name in columns and value == OWN_NUMBERS:
                columns[name].pop("scheme", None)
            elif name in columns:
                columns[name][key] = value
    try:
        return FeedProfile.model_validate({**settings, "columns": columns})
    except ValidationError as error:
        raise _not_whole(layout, "; ".join(str(one["msg"]) for one in error.errors())) from error


def _translate(columns: dict[str, Any], said: Mapping[str, str | None]) -> None:
    """What each of the partner's words is in the contract's."""
    for key, choice in said.items():
        kind, _, rest = key.partition(".")
        name, _, value = rest.partition(".")
        if kind == "value" and choice and name in columns and "values" in columns[name]:
            columns[name]["values"] = columns[name]["values"] | {value: choice}


def _styles(layout: Layout, said: Mapping[str, str | None]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if layout.format == "csv":
        settings |= {"delimiter": layout.delimiter, "encoding": said.get("encoding") or layout.encodings[0]}
    if layout.format in ("csv", "jsonl"):
        mark = said.get("decimal") or _style_text(*layout.decimals[0])
        decimal, _, thousands = mark.partition(" thousands ")
        settings |= {"decimal": decimal, "thousands": {"space": " ", "": ""}.get(thousands, thousands)}
    if layout.format == "xlsx":
        settings["sheet"] = layout.sheet
    return settings


def _proposal(layout: Layout, contract: Feed, chosen: Mapping[str, str | None]) -> Proposal:
    chosen = {name: header for name, header in chosen.items() if name in {column.name for column in contract.columns}}
    taken = dict(_best_pairs(layout, contract, chosen))
    columns = [_column_proposal(contract.column(name), sample, score, layout) for name, (sample, score) in taken.items()]
    columns += [one for one in _composed(layout, contract, taken) if one.column not in chosen]
    mapped = {one.column for one in columns}
    questions = [
        *_style_questions(layout, columns),
        *_questions(contract, mapped),
        *_value_questions(contract, columns),
        *_scheme_questions(contract, columns),
    ]
    used = {
        str(header)
        for one in columns
        for header in (one.mapping.get("column"), *one.mapping.get("columns", ()), *one.mapping.get("product_of", ()))
    }
    required = [c.name for c in contract.columns if c.required and c.name not in FILLED_BY_US and not c.choices]
    coverage = sum(name in mapped for name in required) / len(required)
    unused = tuple(sample.name for sample in layout.columns if sample.name not in used)
    order = {column.name: place for place, column in enumerate(contract.columns)}
    return Proposal(
        layout, contract.name, tuple(sorted(columns, key=lambda one: order[one.column])), tuple(questions), unused, coverage
    )


def _best_pairs(
    layout: Layout, contract: Feed, chosen: Mapping[str, str | None]
) -> Iterator[tuple[str, tuple[ColumnSample, int]]]:
    by_header = {sample.name: sample for sample in layout.columns}
    yield from ((name, (by_header[header], 100)) for name, header in chosen.items() if header)
    pairs = [
        (_score(contract, column, sample), column.required, column.name, sample)
        for column in contract.columns if column.name not in ("document_id", "source_zone")
        for sample in layout.columns
    ]  # fmt: skip
    names, headers = set(chosen), {header for header in chosen.values() if header}
    for score, _, name, sample in sorted(pairs, key=lambda pair: (-pair[0], not pair[1])):
        if score < SCORE_MIN or name in names or sample.name in headers:
            continue
        names.add(name)
        headers.add(sample.name)
        yield name, (sample, score)


def _score(contract: Feed, column: Column, sample: ColumnSample) -> int:
    words = NAMES.get(f"{contract.name}.{column.name}") or NAMES.get(column.name, ())
    return max(0, min(100, round(_likeness_to(sample, (*words, column.name)) + _fit(column, sample))))


def _likeness(header: str, word: str) -> float:
    """Equal words 96; else how alike they are, a longer header less than one that says nothing more."""
    if header == word:
        return 96
    return 0.55 * float(fuzz.token_sort_ratio(header, word)) + 0.35 * float(fuzz.token_set_ratio(header, word))


def _words(name: str) -> str:
    """`SalesOrderNumber`, `sales_order-number` -> `sales order number`."""
    spaced = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", name)
    return re.sub(r"[^0-9a-zäöüß]+", " ", spaced.casefold()).strip()


def _fit(column: Column, sample: ColumnSample) -> int:
    """What the values say about a pair: -100 for impossible, up to 4 for likely."""
    if sample.filled == 0:
        return -40
    is_date = bool(sample.date_formats or sample.instant_formats)
    if column.name == "currency" and not all(re.fullmatch("[A-Z]{3}", value) for value in sample.values):
        return -100
    if column.kind == "date":
        return 4 if is_date else -100
    if column.kind == "instant":
        return 4 if sample.instant_formats else -100
    if column.kind in ("quantity", "money", "integer"):
        return 4 if sample.is_number and not is_date else -100
    if column.kind == "choice":
        return 0 if sample.distinct <= 20 and not sample.is_number and not is_date else -100
    if is_date and not sample.is_number:
        return -60
    return -30 if any("." in value and sample.is_number for value in sample.values) else 2


def _column_proposal(column: Column, sample: ColumnSample, score: int, layout: Layout) -> ColumnProposal:
    mapping: dict[str, Any] = {"column": sample.name}
    reasons = ["name"]
    if column.kind == "ref" and sample.values and all(ean.is_valid(value) for value in sample.values):
        mapping["scheme"] = "gtin" if column.name == "product" else "gln"
        reasons.append(str(mapping["scheme"]))
    if column.kind == "choice":
        mapping |= {"values": {value: _choice_for(column, value)[0] for value in sample.values}}
        reasons.append("values")
    if layout.format in ("csv", "jsonl", "xlsx") and column.kind in ("date", "instant"):
        fitting = sample.date_formats if column.kind == "date" else sample.instant_formats
        if not fitting:
            fitting = sample.instant_formats
        if fitting:
            mapping["format"] = fitting[0]
            reasons.append("dates")
    return ColumnProposal(column.name, mapping, score, tuple(reasons), sample.values)


def _choice_for(column: Column, value: str) -> tuple[str, float]:
    """The contract's word nearest to the partner's, and how alike they are in percent."""
    likeness = {choice: fuzz.ratio(_words(value), _words(choice)) for choice in column.choices}
    nearest = max(likeness, key=lambda choice: likeness[choice])
    return nearest, likeness[nearest]


def _composed(layout: Layout, contract: Feed, taken: Mapping[str, tuple[ColumnSample, int]]) -> list[ColumnProposal]:
    """What a file without document numbers or amounts still says: a report per partner and day, lines by product, quantity x price."""
    extra: list[ColumnProposal] = []
    names = {column.name for column in contract.columns}
    date = next((taken[name][0].name for name in ("ordered_on", "sold_on", "invoiced_on") if name in taken), None)
    party = next((taken[name][0].name for name in ("buyer", "seller") if name in taken), None)
    if contract.document and contract.document in names and contract.document not in taken and date and party:
        extra.append(ColumnProposal(contract.document, {"columns": [party, date]}, 50, ("party_and_day",)))
    if "line_no" in names and "line_no" not in taken and "product" in taken:
        extra.append(ColumnProposal("line_no", {"column": taken["product"][0].name}, 50, ("product_is_line",)))
    if "net_amount" in names and "net_amount" not in taken and "quantity" in taken:
        numbers = [sample for sample in layout.columns if sample.is_number]
        price = max(numbers, key=lambda sample: _likeness_to(sample, NAMES["price"]))
        if _likeness_to(price, NAMES["price"]) >= SCORE_MIN:
            factors = [taken["quantity"][0].name, price.name]
            extra.append(ColumnProposal("net_amount", {"product_of": factors}, 55, ("quantity_times_price",)))
    return extra


def _likeness_to(sample: ColumnSample, words: Sequence[str]) -> float:
    return max(_likeness(_words(sample.name), _words(word)) for word in words)


def _style_questions(layout: Layout, columns: Sequence[ColumnProposal]) -> list[Question]:
    questions = []
    if layout.format == "csv":
        only = layout.encodings[0] if len(layout.encodings) == 1 else None
        questions.append(Question("encoding", "In which encoding is the file written?", layout.encodings, only))
    if layout.format in ("csv", "jsonl"):
        marks = tuple(_style_text(*pair) for pair in layout.decimals)
        questions.append(
            Question(
                "decimal",
                "Which mark stands before the decimals, which between thousands?",
                marks,
                marks[0] if len(marks) == 1 else None,
            )
        )
    samples = {sample.name: sample for sample in layout.columns}
    for one in columns:
        if "format" in one.mapping:
            sample = samples[str(one.mapping["column"])]
            fitting = sample.date_formats or sample.instant_formats
            questions.append(Question(f"format.{one.column}", f"How is the date in '{sample.name}' written, such as {sample.values[0]}?",
                                      fitting, fitting[0] if len(fitting) == 1 else None))  # fmt: skip
    return questions


def _style_text(decimal: str, thousands: str) -> str:
    return f"{decimal} thousands {'space' if thousands == ' ' else thousands}" if thousands else decimal


def _questions(contract: Feed, mapped: set[str]) -> list[Question]:
    questions = []
    for column in contract.columns:
        if column.name == "unit" and column.name not in mapped and mapped & {"quantity", "on_hand_quantity"}:
            questions.append(Question("const.unit", "In which unit are the quantities? 'unit' means pieces.", default="unit"))
        if not column.required or column.name in mapped or column.name in FILLED_BY_US:
            continue
        default = DEFAULTS.get(column.name) or None
        questions.append(
            Question(f"const.{column.name}", f"Of every row: {column.description or column.name}", column.choices, default)
        )
    return questions


def _value_questions(contract: Feed, columns: Sequence[ColumnProposal]) -> list[Question]:
    """What each of the partner's words means, where the contract has words of its own; one unlike all of them is open."""
    questions = []
    for one in columns:
        column = contract.column(one.column)
        for value in one.mapping.get("values", ()):
            nearest, percent = _choice_for(column, value)
            key, usual = f"value.{one.column}.{value}", nearest if percent >= SURE_PERCENT else None
            questions.append(Question(key, f"What does '{value}' in '{one.mapping['column']}' mean?", column.choices, usual))
    return questions


def _scheme_questions(contract: Feed, columns: Sequence[ColumnProposal]) -> list[Question]:
    """Whose numbers a reference holds; the source's own unless check digits say otherwise."""
    return [
        Question(f"scheme.{one.column}", f"Whose numbers stand in '{one.mapping['column']}'?", default=str(one.mapping.get("scheme", OWN_NUMBERS)))
        for one in columns if contract.column(one.column).kind == "ref" and "column" in one.mapping
    ]  # fmt: skip


def _not_whole(layout: Layout, found: str) -> InputRefusedError:
    return InputRefusedError("ING-643", where=f"the mapping of {layout.file_name}", found=found, expected="an answer to every question",
                             next_step="Answer what is open and confirm again. Nothing was loaded.")  # fmt: skip
