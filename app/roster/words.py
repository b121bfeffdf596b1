"""The names of days: the table has them as people write them, in Chinese; the known ones are said in the reader's language."""

from flask_babel import gettext

from app.core.errors import N_

KNOWN = {
    "元旦": N_("New Year's Day"),
    "春节": N_("Spring Festival"),
    "清明节": N_("Tomb-Sweeping Day"),
    "劳动节": N_("Labour Day"),
    "端午节": N_("Dragon Boat Festival"),
    "中秋节": N_("Mid-Autumn Festival"),
    "国庆节": N_("National Day"),
    "抗战胜利纪念日": N_("Victory Day"),
}


def day_name(name: str) -> str:
    """``name`` in the reader's language where it is known, else as it was written."""
    return gettext(KNOWN[name]) if name in KNOWN else name
