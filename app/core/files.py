"""Files that people hand in: photos, films, scans, documents (security §1, Files).

The bytes stand below ``DATA_DIR/files``, named at random; a row says what they are. Nothing here has an address of its
own: a file is sent by the screen of the record it hangs on, to those who may see that record.
"""

from peewee import BooleanField, CharField, Check, FixedCharField, IntegerField

from app.core.db import BaseModel, InstantField


class StoredFile(BaseModel):
    """One file as it is kept; ``digest`` is the SHA-256 of its bytes, ``size`` is in bytes, ``width`` and ``height`` in pixels."""

    id = CharField(32, primary_key=True)
    digest = FixedCharField(64, index=True)
    name = CharField(200)
    media_type = CharField(80)
    size = IntegerField(constraints=[Check("size > 0", name="file_is_not_empty")])
    width = IntegerField(null=True)
    height = IntegerField(null=True)
    has_preview = BooleanField(default=False)
    created_at = InstantField(index=True)
    created_by_id = IntegerField(null=True)
