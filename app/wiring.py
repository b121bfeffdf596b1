"""What upper layers add to the lists of lower ones. Every process that runs operations imports this; without it a rule would be missing.

``work_orders.gate.COVERS`` says what covers work off warranty, ``work_orders.writing.HOLDS`` what holds an order back,
``work_orders.progress.ARCHIVE_HOLDS`` what keeps it from being archived,
``tickets.urging.ALSO_TOLD`` who else is told, ``monitoring.ticketing.VISITS`` who is at a machine (which the evaluation beside the
intake imports by itself). Each module named here adds itself when it is imported.
"""

from app.billing import contract_progress
from app.contracts import cover, warranty
from app.returns import returning
from app.service_reports import signing
from app.work_orders import on_site, telling

WIRED = (cover, contract_progress, warranty, returning, signing, telling, on_site)
