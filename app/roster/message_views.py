"""How the reader wants to be told: one's own choice of mails, messages and quiet hours."""

from flask import Blueprint, Response, flash
from flask_babel import gettext as _

from app.core import wecom
from app.roster import choices
from app.roster.forms import MessageChoiceForm
from app.roster.telling import QUIET_HOURS
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("message_choices", __name__)


@blueprint.route("/account/messages", methods=["GET", "POST"])
@requires("self.use")
def own() -> Response:
    """What always comes, and what is a choice."""
    by = actor()
    assert by.user_id is not None
    reach = choices.reach_of(by.user_id)
    form = MessageChoiceForm(obj=reach.choice)
    done = sent(form, lambda: choices.choose(by=by, **form.chosen()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/account/messages")
    quiet = QUIET_HOURS.value().replace("-", "–")
    shown = {"form": form, "reach": reach, "quiet": quiet, "has_robot": wecom.is_set_up(), "problem": done.problem}
    return render("roster/message_choices.html", status=done.status, **shown)
