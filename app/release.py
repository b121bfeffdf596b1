"""What a new version does to a database before anything runs on it; the Procfile's ``release`` step."""

from app.core import indexing, migrating
from app.machines.profile_operations import seed_profiles
from app.roster.seeding import seed_calendar
from app.tickets import searching  # noqa: F401  # it and what it imports say how search documents are read
from app.web import i18n


def release() -> list[str]:
    """Bring the database to this version, build the search documents it lacks, add the shipped profiles and calendars.

    Returns what was done, in words. Raises ``Unavailable`` when the database does not answer.
    """
    i18n.compile_catalogues(i18n.TRANSLATIONS)  # mails are written by processes that know no Flask
    done = [f"applied {name}" for name in migrating.upgrade()]
    done += indexing.bring_up_to_date()
    done += [f"added profile {name}" for name in seed_profiles()]
    years = seed_calendar()
    return done + ([f"added the working calendar {years[0]} to {years[-1]}"] if years else [])
