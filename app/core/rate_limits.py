"""How often strangers may ask: counted in the database, so that all processes count together (security §1, Brute force)."""

from peewee import CharField

from app.core.db import BaseModel, InstantField


class RateHit(BaseModel):
    """One request that counts under ``key``."""

    key = CharField(100)
    at = InstantField(index=True)

    class Meta:
        indexes = ((("key", "at"), False),)
