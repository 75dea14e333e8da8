"""The codes that a trail may carry, and their numbers inside the city."""

from __future__ import annotations

__all__ = [
    "AGENCY",
    "PATROL_UNITS",
    "PURPOSES",
    "PURPOSE_CODE",
    "ROLES",
    "ROLE_CODE",
    "STREET_UNITS",
    "SYSTEMS",
    "TRANSACTIONS",
    "TRANSACTION_CODE",
    "UNITS",
    "UNIT_CODE",
]

AGENCY = "CA0990100"

ROLES = (
    "officer",
    "sergeant",
    "detective",
    "dispatcher",
    "records_clerk",
    "licensing_clerk",
    "custody_officer",
    "analyst",
    "personnel_clerk",
)
ROLE_CODE = {name: code for code, name in enumerate(ROLES)}

PATROL_UNITS = ("patrol-north", "patrol-south", "patrol-central")
STREET_UNITS = (*PATROL_UNITS, "traffic", "gangs")
UNITS = (
    *STREET_UNITS,
    "investigations",
    "dispatch",
    "records",
    "licensing",
    "custody",
    "personnel",
    "crime-analysis",
)
UNIT_CODE = {name: code for code, name in enumerate(UNITS)}

_SYSTEM_OF = {
    "RQ": "NLETS",
    "QV": "NCIC",
    "RPQ": "NLETS",
    "PLATE": "ALPR",
    "DQ": "NLETS",
    "DNQ": "NLETS",
    "KQ": "NLETS",
    "RNQ": "NLETS",
    "QW": "NCIC",
    "QWA": "NCIC",
    "QPO": "CARPOS",
    "QXS": "CSAR",
    "QH": "III",
    "QR": "III",
    "IQ": "NLETS",
    "FQ": "NLETS",
    "QNP": "NICS",
    "QVC": "WPS",
    "QG": "AFS",
    "QA": "NCIC",
    "IV": "DMV",
    "ID": "DMV",
    "L1": "DMV",
}
TRANSACTIONS = tuple(_SYSTEM_OF)
TRANSACTION_CODE = {name: code for code, name in enumerate(TRANSACTIONS)}
SYSTEMS = tuple(_SYSTEM_OF.values())

PURPOSES = ("C", "J", "F", "A", "X", "D", "H", "U", "")
PURPOSE_CODE = {name: code for code, name in enumerate(PURPOSES)}
