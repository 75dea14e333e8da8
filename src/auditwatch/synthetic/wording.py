"""How operators word their reasons: a small vocabulary for each kind of work, worn by habit."""

from __future__ import annotations

__all__ = ["HABITS", "KINDS", "STREETS", "VAGUE", "WORDINGS", "WORDING_CODE"]

_PHRASES = {
    "stop": "traffic stop|t-stop|veh stop|11-95|stop 22350|stop exp reg|tstop no plate lamp"
    "|vehicle stop speed|stop 23123|cite 21453|dui stop|notice to appear",
    "contact": "ped check|ped stop|field contact|FI|subj check|11-10|consensual contact"
    "|known subj on beat|suspicious person|loitering check",
    "parked": "susp veh|parked veh|abandoned veh check|veh blocking drive|occupied veh check",
    "traffic_stop": "traffic stop|t-stop|veh stop|11-95|stop 22350|stop exp reg",
    "disturbance": "415|disturbance|415 fight|loud party|neighbor dispute|family disturbance"
    "|415 ex boyfriend at door|friend of victim intox",
    "domestic": "DV|273.5 invest|dv call|restraining order viol|dv ex husband|dv victim chk"
    "|protective order check",
    "theft": "theft report|484|shoplift|petty theft|459.5|theft self-storage|package theft",
    "welfare_check": "welfare check|wel chk|5150 eval|check well being|welfare chk LTC facility"
    "|elderly male wandering",
    "trespass": "trespass|602|unwanted subj|trespass clinic lot|trespass church|press charges 602",
    "collision": "TC|collision|11-83|hit and run|20002|tc ice on road|black ice tc|tc unk inj",
    "burglary": "burglary|459|res burg|burg report|459 auto|burg self-storage|church burglary",
    "assault": "245|assault|242 report|battery invest|fight w/ injury"
    "|victim wants to press charges",
    "stolen_vehicle": "stolen veh|10851|veh theft report|recovered 10851"
    "|own car stolen by roommate",
    "missing_person": "missing|mp report|runaway juv|missing adult|mp follow up"
    "|custody exchange mp",
    "narcotics": "narco|11377|narc invest|11364 contact|drug invest|hand to hand",
    "firearm": "arrest for ccw|25400 loaded firearm|gun call|417|ccw in veh"
    "|concealed weapon arrest",
    "followup": "follow up|f/u|report follow up|my report f/u|supp report|re-contact victim"
    "|locate witness",
    "casework": "case invest|invest|follow up|locate susp|id susp|witness id|case work|bkgd on susp"
    "|assoc check|date rape invest|custody dispute invest",
    "relay": "10-28|10-29|10-28/29|10-27|unit request|for unit|run for officer|wants check",
    "validation": "validation|ncic validation|monthly valid|entry validation|record validation"
    "|2nd party check",
    "record": "entry|clear entry|tow entry|release report|report request|stored veh release"
    "|subpoena request|impound release",
    "booking": "booking|intake|pre-booking|warrant check booking|release check|classification"
    "|self-surrender",
    "firearm_return": "firearm return|gun release|return of firearm|LEGR return|release to owner"
    "|prohibited check gun release",
    "permit": "ccw application|ccw app|ltc app|ltc renewal|ccw renewal|permit app|ccw bkgd",
    "visitor": "contractor clearance|facility visitor|visitor clearance|bkgd contractor|tour group"
    "|vendor access",
    "hiring": "applicant|bkgd applicant|pre-employment|recruit bkgd|dispatcher applicant"
    "|volunteer bkgd|ride along",
    "analysis": "crime analysis|series analysis|link chart|bulletin|pattern wkup|hot spot report",
    "plate_search": "alpr|plate search|veh locate|stolen veh locate|canvass|459 series veh"
    "|susp veh search",
    "hotlist": "hotlist hit|hotlist|alpr hit|alert confirm",
    "supervision": "prob check|parole search|prob search|prcs check|1203 compliance|prob status"
    "|parole compliance",
    "court": "court prep|court|trial prep|subpoena|prelim prep|da request",
    "sweep": "warrant sweep|warrant service|op clean slate|wrt list|arrest wrt chk",
    "pursuit": "pursuit|failure to yield|2800.2|pursuit veh|fty",
    "broadcast": "bolo|broadcast|bol veh|bolo veh|all units bol|be on lookout",
    "federal": "ice request|assist ice|imm status|hsi request|1326 reentry|fed detainer chk",
    "near_words": "imm fraud victim|u visa cert victim|ice cream vendor robbery|ice rink theft"
    "|protest traffic control|assist hsi narco tf|police report request|ltc facility call"
    "|ex-con w warrant|girlfriend of susp|staff vehicle tc|new neighbor complaint",
    "assembly": "protest|march|rally veh|clinic picket|protest veh|demonstration|assembly traffic"
    "|mosque vandalism|church burglary susp|protest 245 susp",
    "test": "test|system test|terminal test|training|mdc test|trng",
    "colleague": "staff victim report|off involved tc|employee veh tc|officer victim 148"
    "|emp theft rpt",
    "errand": "counter|front counter|for front desk|phone request|10-21|info for 10-21|form"
    "|public counter|courier",
    "vague": "inv",
}
WORDINGS = tuple(tuple(phrases.split("|")) for phrases in _PHRASES.values())
KINDS = tuple(_PHRASES)
WORDING_CODE = {name: code for code, name in enumerate(_PHRASES)}

HABITS = {
    "officer": ("stop", "contact", "stop", "followup", "parked", "welfare_check", "narcotics"),
    "sergeant": ("contact", "followup", "stop", "casework"),
    "detective": (
        "casework",
        "casework",
        "casework",
        "casework",
        "plate_search",
        "court",
        "followup",
    ),
    "dispatcher": ("relay",),
    "records_clerk": ("record", "record", "validation"),
    "licensing_clerk": ("firearm_return",),
    "custody_officer": ("booking",),
    "analyst": ("analysis", "plate_search"),
    "personnel_clerk": ("hiring", "visitor"),
}

VAGUE = (
    *("inv", ".", "investigation", "police business", "info", "check"),
    *("x", "le", "le use", "n/a", "official", "misc"),
)

STREETS = (
    *("Main/4th", "Oak/7th", "Mission/3rd", "Harbor/Elm", "Hwy 9", "River/2nd", "Mesa/Palm"),
    *("Canal St", "Depot/1st", "Foothill/Vine", "Orchard Pl", "Grand/12th", "Lake/Cedar"),
    *("Market/9th", "Quarry Rd", "Union/5th"),
)
