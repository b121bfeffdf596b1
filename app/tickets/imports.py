"""tickets.csv (history): one line per old record, which becomes a closed ticket (interfaces, Import columns).

A line is known again by its source, its content and its how-manieth it is of equal ones in its file. So a file taken in twice,
or a second file with some of the same lines, adds only what is new, in whatever order they come.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from peewee import JOIN

from app.core import bulk, clock
from app.core.errors import N_, Invalid
from app.core.import_runs import ImportedRow
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, date_in, fen_in, reasons_of, too_long
from app.core.types import Actor
from app.customers.models import Customer
from app.machines import operations as machines
from app.machines.models import Machine
from app.machines.operations import MachineDetails
from app.tickets import past_work
from app.tickets.models import TicketKind
from app.tickets.past_work import PastTicket

COLUMNS = (
    Column("date", N_("Date"), "日期", ("报修日期", "受理日期", "维修日期", "服务日期", "时间", "报修时间"), is_required=True,
           hint=N_("Such as 2026-11-23."), example="2023-05-17"),
    Column("machine", N_("Machine"), "设备", ("序列号", "设备编号", "出厂编号", "机器编号", "设备序列号", "serial", "asset"),
           is_required=True,           hint=N_("The serial number."), example="YJ2401-001"),
    Column("kind", N_("Kind"), "受理类型", ("类型", "类别", "工单类型"),
           hint=N_("报修, 投诉, 建议, 使用咨询 or 配件购买; empty means 报修."), example="报修"),
    Column("text", N_("What it was about"), "内容", ("故障描述", "故障现象", "问题描述", "维修内容", "描述"),
           is_required=True, example="液压站漏油，更换密封圈"),
    Column("type", N_("Type of work"), "作业类型", ("维修类型", "服务类型"), example="维修"),
    Column("cost", N_("Cost"), "费用", ("费用（元）", "金额", "维修费用", "成本"), hint=N_("In yuan, such as 1234.50."), example="183.05"),
    Column("technician", N_("Technician"), "售后专员", ("维修人员", "服务人员", "技术员", "工程师", "处理人"), example="李师傅"),
)  # fmt: skip
# What a machine is when an old record is all that is known of it.
UNKNOWN_MODEL = "未知机型"
_MOST = {"text": 4_000, "type": 40, "technician": 60, "machine": 64}
_KINDS = {kind: kind for kind in TicketKind} | {
    "": TicketKind.FAULT_REPORT,
    "报修": TicketKind.FAULT_REPORT,
    "故障申告": TicketKind.FAULT_REPORT,
    "维修": TicketKind.FAULT_REPORT,
    "投诉": TicketKind.COMPLAINT,
    "建议": TicketKind.SUGGESTION,
    "咨询": TicketKind.ENQUIRY,
    "使用咨询": TicketKind.ENQUIRY,
    "配件": TicketKind.PARTS_ORDER,
    "配件购买": TicketKind.PARTS_ORDER,
}


@dataclass(frozen=True, slots=True)
class _Record:
    """What a good line says."""

    line: int
    on: date
    serial: str
    kind: TicketKind
    text: str
    work_type: str
    cost_fen: int | None
    technician: str


class HistoryImporter:
    """Counts how often the same line came, and keeps the machines it found: a machine is named by many lines."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.counts: Counter[bytes] = Counter()
        self.machines: dict[str, Machine] = {}

    def plan(self, lines: Sequence[Line]) -> "_HistoryPlan":
        """What these lines ask for."""
        return _HistoryPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Count lines that were written already."""
        for line in lines:
            self.digest(_record(line))

    def digest(self, record: _Record) -> str:
        """The identity of the next line with the content of ``record``."""
        parts = (
            self.options.source,
            record.on,
            record.serial,
            record.kind,
            record.text,
            record.work_type,
            record.cost_fen,
            record.technician,
        )
        content = sha256("\x1f".join(map(str, parts)).encode()).digest()
        self.counts[content] += 1
        return sha256(content + str(self.counts[content]).encode()).hexdigest()


class _HistoryPlan:
    def __init__(self, importer: HistoryImporter, lines: Sequence[Line]) -> None:
        self.machines = importer.machines
        self.machines |= _machines({line.get("machine") for line in lines} - set(self.machines))
        self.importer = importer
        found = [self._read(line) for line in lines]
        digests = [one[1] for one in found if isinstance(one, tuple)]
        known = {digest for (digest,) in bulk.lookup(ImportedRow, ("digest",), "digest", digests)}
        self.judgements: list[Effect | Reasons] = [
            one if isinstance(one, list) else Effect.UNCHANGED if one[1] in known else Effect.ADDED for one in found
        ]
        self.records = [one for one in found if isinstance(one, tuple) and one[1] not in known]

    def _read(self, line: Line) -> tuple[_Record, str] | Reasons:
        try:
            wrong = self._mistakes(line)
            if wrong:
                raise Invalid(N_("The line cannot be used."), fields=wrong)
            record = _record(line)
        except Invalid as error:
            return reasons_of(error)
        return record, self.importer.digest(record)

    def write(self, by: Actor) -> list[Made]:
        """Write what is new."""
        first: dict[str, int] = {}
        for record, _digest in self.records:
            if record.serial not in self.machines:
                first.setdefault(record.serial, record.line)
        made = self._make_machines(by, first)
        past = [
            PastTicket(r.on, self.machines[r.serial], r.kind, r.text, r.work_type, r.cost_fen, r.technician) for r, _digest in self.records
        ]
        ids = past_work.enter(by=by, past=past)
        return made + [Made(r.line, "ticket", key, digest=digest) for (r, digest), key in zip(self.records, ids, strict=True)]

    def _make_machines(self, by: Actor, wanted: dict[str, int]) -> list[Made]:
        if not wanted:
            return []
        model, is_new = machines.model_known_or_made(UNKNOWN_MODEL)
        details = [(MachineDetails(serial=serial, model=model.name), model) for serial in wanted]
        entered = machines.enter_machines(by=by, details=details)
        self.machines |= {machine.serial: machine for machine in entered}
        first = [Made(min(wanted.values()), "machine_model", model.id)] if is_new else []
        return first + [Made(wanted[machine.serial], "machine", machine.id) for machine in entered]

    def _mistakes(self, line: Line) -> dict[str, str]:
        wrong = too_long(line, _MOST)
        on = date_in(line, "date")
        if on is None:
            wrong["date"] = N_("a date such as 2026-11-23 is needed")
        elif on > clock.today():
            wrong["date"] = N_("this day is still to come")
        if not line.get("text"):
            wrong["text"] = N_("Say in a few words what it is about.")
        if line.get("kind") not in _KINDS:
            wrong["kind"] = N_("one of fault_report, complaint, suggestion, enquiry, parts_order is needed")
        if line.get("machine") not in self.machines:
            wrong |= self._stranger(line.get("machine"))
        return wrong

    def _stranger(self, serial: str) -> dict[str, str]:
        if not serial:
            return {"machine": N_("Please give the serial number.")}
        if not self.importer.options.creates_machines:
            return {"machine": N_("there is no machine of this serial number")}
        problems = machines.problems(MachineDetails(serial=serial, model=UNKNOWN_MODEL))
        return {"machine": problems["serial"]} if "serial" in problems else {}


def _record(line: Line) -> _Record:
    """What ``line`` says. Raises ``Invalid``."""
    on = date_in(line, "date")
    assert on is not None
    text = "\n".join(part.strip() for part in line.get("text").splitlines()).strip()
    kind, cost = _KINDS[line.get("kind")], fen_in(line, "cost")
    return _Record(line.number, on, line.get("machine"), kind, text, line.get("type"), cost, line.get("technician"))


def _machines(serials: Iterable[str]) -> dict[str, Machine]:
    """The machines of these serial numbers or device codes, by what was written."""
    wanted = set(serials) - {""}
    is_meant = Machine.serial.in_(wanted) | Machine.device.in_(wanted)
    found = list(Machine.select(Machine, Customer).join(Customer, JOIN.LEFT_OUTER).where(is_meant))
    by_device = {machine.device: machine for machine in found if machine.device}
    return by_device | {machine.serial: machine for machine in found}


HISTORY = Kind("history", COLUMNS, HistoryImporter, batch=200)
