"""``flask invoices``: bringing in what the tax platform issued."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("invoices", help="Invoices.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import invoices from the tax platform's table (one line per invoice, CSV or XLSX): all or nothing, and twice is once.

    Columns as the platform names them: 数电发票号码, 开票日期, 购买方名称, 购方识别号, 金额, 税额, 价税合计, 发票票种, 发票状态, 备注.
    """
    run(ImportKind.INVOICES, file, options)
