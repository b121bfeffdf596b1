"""The tables of call-backs with their tries, and of the quarterly return visits."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.customers.models import Customer
from app.machines.models import Machine
from app.work_orders.models import WorkOrder


class CallBackStatus(StrEnum):
    """States of a call-back (labels.md, workflows.md). ``due`` has no row: it is a finished order without one."""

    DUE = "due"
    RECORDED = "recorded"
    SIGNED = "signed"
    READ = "read"
    ARCHIVED = "archived"


class CallBackOutcome(StrEnum):
    """What came of the call."""

    REACHED = "reached"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class CallTry(BaseModel):
    """A call for a call-back that reached nobody; three on different days allow the outcome "unreachable"."""

    order = ForeignKeyField(WorkOrder, backref="call_tries", on_delete="RESTRICT", index=False)
    at = InstantField()
    tried_on = DateField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    note = CharField(200, default="")
    again_at = InstantField(null=True)

    class Meta:
        indexes = ((("order", "at"), False),)


_SCORES = ("result", "attitude", "timeliness")
_SIGNED = "status IN ('signed', 'read', 'archived')"
_READ = "status IN ('read', 'archived')"


class CallBack(BaseModel):
    """The call-back record (F-07) of one work order: recorded by the clerk, signed by the deputy, read by the manager, archived.

    Scores are 1 to 5. ``is_poor`` follows from the scores and the setting at the time of the call. ``call`` is shared by the records of
    one phone call. ``signed_for`` and ``read_for`` name whose place the signer took (代签). Three different persons, whatever their roles.
    """

    order = ForeignKeyField(WorkOrder, unique=True, backref="call_backs", on_delete="RESTRICT")
    status = CharField(10, constraints=[one_of("status", CallBackStatus), Check("status <> 'due'", name="call_back_is_no_longer_due")])
    outcome = CharField(20, constraints=[one_of("outcome", CallBackOutcome)])
    call = CharField(32, index=True)
    called_at = InstantField()
    contact_name = CharField(60, default="")
    contact_phone = CharField(30, default="")
    result_score = IntegerField(null=True, constraints=[Check("result_score BETWEEN 1 AND 5", name="result_score_is_known")])
    attitude_score = IntegerField(null=True, constraints=[Check("attitude_score BETWEEN 1 AND 5", name="attitude_score_is_known")])
    timeliness_score = IntegerField(null=True, constraints=[Check("timeliness_score BETWEEN 1 AND 5", name="timeliness_score_is_known")])
    is_hotline_told = BooleanField(default=False)
    is_poor = BooleanField(default=False)
    text = TextField(default="")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    recorded_by_name = CharField(60)
    follow_up = TextField(default="")
    follow_up_owner = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    follow_up_due_on = DateField(null=True)
    follow_up_done_at = InstantField(null=True)
    follow_up_result = CharField(500, default="")
    signed_at = InstantField(null=True)
    signed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    signed_by_name = CharField(60, default="")
    signed_for_name = CharField(60, default="")
    read_at = InstantField(null=True)
    read_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    read_by_name = CharField(60, default="")
    read_for_name = CharField(60, default="")
    archived_at = InstantField(null=True)
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            *(Check(f"(outcome = 'reached') = ({name}_score IS NOT NULL)", name=f"{name}_score_when_reached") for name in _SCORES),
            Check(
                f"(signed_by_id IS NOT NULL) = ({_SIGNED}) AND (signed_at IS NOT NULL) = ({_SIGNED})", name="signed_call_back_has_signer"
            ),
            Check(f"(read_by_id IS NOT NULL) = ({_READ}) AND (read_at IS NOT NULL) = ({_READ})", name="read_call_back_has_reader"),
            Check("(archived_at IS NOT NULL) = (status = 'archived')", name="archived_call_back_has_its_time"),
            Check("signed_by_id IS NULL OR signed_by_id <> recorded_by_id", name="signer_is_not_who_called"),
            Check("read_by_id IS NULL OR (read_by_id <> recorded_by_id AND read_by_id <> signed_by_id)", name="reader_is_a_third_person"),
            Check(
                f"NOT is_poor OR NOT ({_SIGNED}) OR (follow_up <> '' AND follow_up_owner_id IS NOT NULL AND follow_up_due_on IS NOT NULL)",
                name="poor_score_has_a_follow_up",
            ),
        ]


CallBack.add_index(CallBack.index(CallBack.status, CallBack.is_poor.desc(), CallBack.recorded_at, CallBack.id, name="call_back_by_status"))
CallBack.add_index(CallBack.index(CallBack.recorded_at.desc(), CallBack.id.desc(), name="call_back_by_time"))
CallBack.add_index(CallBack.index(CallBack.technician, CallBack.recorded_at.desc(), name="call_back_of_technician"))
CallBack.add_index(CallBack.index(CallBack.area, CallBack.recorded_at.desc(), CallBack.id.desc(), name="call_back_by_area"))
CallBack.add_index(
    CallBack.index(
        CallBack.machine, CallBack.recorded_at.desc(), CallBack.id.desc(), where=SQL("machine_id IS NOT NULL"), name="call_back_of_machine"
    )
)
CallBack.add_index(
    CallBack.index(
        CallBack.follow_up_due_on, where=SQL("follow_up_owner_id IS NOT NULL AND follow_up_done_at IS NULL"), name="call_back_follow_up"
    )
)


class VisitDraw(BaseModel):
    """The draw of one quarter in one area (N-05): who was drawn from whom, with what seed, so that it can be repeated and proven.

    ``pool`` and ``drawn`` are JSON lists of customer ids, ``digest`` is the SHA-256 over seed, pool and draw. ``cycle`` numbers
    the quarter in which its cycle began (four times the year, plus quarter less one), ``turn`` is its place in that cycle, 1 to 4.
    """

    area = ForeignKeyField(Area, on_delete="RESTRICT", index=False)
    year = IntegerField()
    quarter = IntegerField(constraints=[Check("quarter BETWEEN 1 AND 4", name="quarter_is_known")])
    cycle = IntegerField()
    turn = IntegerField(constraints=[Check("turn BETWEEN 1 AND 4", name="turn_is_known")])
    seed = CharField(64, constraints=[Check("seed <> ''", name="seed_is_given")])
    active = IntegerField()
    pool = TextField()
    drawn = TextField()
    digest = FixedCharField(64)
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)

    class Meta:
        indexes = ((("area", "year", "quarter"), True), (("area", "cycle", "turn"), True))


class ReturnVisitState(StrEnum):
    """What became of a drawn customer."""

    PLANNED = "planned"
    VISITED = "visited"
    SWAPPED = "swapped"
    RELEASED = "released"


class ReturnVisit(BaseModel):
    """A customer to be visited again in a quarter (1F-09). Nobody twice in a cycle; ``swapped`` and ``released`` ones say why."""

    draw = ForeignKeyField(VisitDraw, backref="visits", on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, on_delete="RESTRICT")
    area = ForeignKeyField(Area, on_delete="RESTRICT", index=False)
    cycle = IntegerField()
    state = CharField(10, constraints=[one_of("state", ReturnVisitState)])
    instead_of = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    reason = CharField(300, default="")
    visited_on = DateField(null=True)
    result = TextField(default="")
    score = IntegerField(null=True, constraints=[Check("score BETWEEN 1 AND 5", name="visit_score_is_known")])
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(state = 'visited') = (visited_on IS NOT NULL)", name="visited_has_its_day"),
            Check("state NOT IN ('swapped', 'released') OR reason <> ''", name="swap_has_a_reason"),
        ]
        indexes = ((("area", "state"), False),)


ReturnVisit.add_index(
    ReturnVisit.index(
        ReturnVisit.cycle,
        ReturnVisit.customer,
        unique=True,
        where=SQL("state IN ('planned', 'visited')"),
        name="nobody_is_visited_twice_in_a_cycle",
    )
)
