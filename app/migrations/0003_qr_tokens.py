"""Every machine has the token of its QR code from the beginning, so that showing it writes nothing."""

import secrets

from peewee import CharField, Database, Model
from playhouse.migrations import SchemaMigrator


class Machine(Model):
    qr_token = CharField(32, null=True, unique=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Machine,)):
        for (key,) in list(Machine.select(Machine.id).where(Machine.qr_token.is_null()).tuples()):
            Machine.update(qr_token=secrets.token_urlsafe(16)).where(Machine.id == key).execute()
