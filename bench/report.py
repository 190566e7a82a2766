"""The table, the bars and the JSON: figures of both contestants, round beside round."""

import json
import statistics
from dataclasses import asdict, dataclass, field


@dataclass
class Row:
    """One figure of both contestants, round by round; `plain` is empty where there is nothing to compare."""

    section: str
    name: str
    plain: list = field(default_factory=list)
    liaison: list = field(default_factory=list)

    def ratios(self):
        """Divide Liaison's figure by the plain function's, round by round."""
        return [ours / theirs for ours, theirs in zip(self.liaison, self.plain, strict=bool(self.plain))]


@dataclass(frozen=True)
class Bar:
    """What a figure has to be, at least or at most.

    It is Liaison's divided by the plain function's, by Liaison's own of another row, or by nothing, as `against` says.
    """

    name: str
    row: tuple
    wanted: float
    at_least: bool
    against: tuple | str = "plain"
    digits: int = 1

    def holds(self, figure):
        """Tell whether the figure is on the right side."""
        return figure >= self.wanted if self.at_least else figure <= self.wanted


class Report:
    """The rows by section and name, and how many cores other programs had before each round."""

    def __init__(self):
        self.rows, self.others = {}, []

    def note(self, section, name, seat, figure):
        """Add one round's figure of one contestant."""
        row = self.rows.setdefault((section, name), Row(section, name))
        getattr(row, seat).append(figure)

    def ratio(self, key):
        """Return the median over the rounds, or None where there are not both."""
        row = self.rows.get(key)
        return statistics.median(row.ratios()) if row and row.plain and row.liaison else None

    def median(self, key):
        """Return the median of Liaison's figure itself, or None where there is none."""
        row = self.rows.get(key)
        return statistics.median(row.liaison) if row and row.liaison else None

    def judged(self, bar):
        """Return the figure that a bar is about, or None where it was not measured."""
        if bar.against == "plain":
            return self.ratio(bar.row)
        own, whole = self.median(bar.row), 1 if bar.against == "nothing" else self.median(bar.against)
        return own / whole if own and whole else None


def number(figures):
    """Write the median with as many digits as mean something."""
    if not figures:
        return "-"
    median = statistics.median(figures)
    return f"{median:.0f}" if median >= 100 else f"{median:.1f}" if median >= 10 else f"{median:.2f}"


def spread(ratios):
    """Write the median with the quartiles around it."""
    if not ratios:
        return ""
    if len(ratios) < 3:
        return f"{statistics.median(ratios):5.2f}"
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"{median:5.2f}  [{low:.2f} .. {high:.2f}]"


def table(report):
    """Write the whole table."""
    lines = [f"{'':58}{'plain':>8}{'Liaison':>9}    ratio, quartiles"]
    for section in dict.fromkeys(row.section for row in report.rows.values()):
        lines += ["", section]
        for row in report.rows.values():
            if row.section == section:
                figures = f"{number(row.plain):>8}{number(row.liaison):>9}    {spread(row.ratios())}"
                lines.append(f"  {row.name:56}{figures}".rstrip())
    return "\n".join(lines)


def verdicts(report, bars):
    """Write a line for each bar."""
    lines = []
    for bar in bars:
        figure, sign = report.judged(bar), ">=" if bar.at_least else "<="
        found = "    -  not measured"
        if figure is not None:
            found = f"{figure:6.{bar.digits + bool(bar.digits)}f}  {'holds' if bar.holds(figure) else 'DOES NOT HOLD'}"
        lines.append(f"  {bar.name:62} {sign} {bar.wanted:4.{bar.digits}f} {found}")
    return "\n".join(lines)


def as_json(report, bars):
    """Write all figures of all rounds, and the bars."""
    judged = []
    for bar in bars:
        figure = report.judged(bar)
        judged.append(asdict(bar) | {"figure": figure, "holds": None if figure is None else bar.holds(figure)})
    rows = [asdict(row) | {"ratios": row.ratios()} for row in report.rows.values()]
    return json.dumps({"rows": rows, "bars": judged, "other_programs_cores": report.others}, indent=1)
