"""A synthetic city: a trail of lookups, honest but for a few episodes, and the truth of it.

Nobody can hand out a labelled trail of real lookups, so the project makes its own. A city has
residents, operators with roles, shifts, beats, habits and private lives, and calls for service
that open incidents and cases. Honest work comes out of those: stops and their cascades, calls,
regulars, casework, dispatch, records, custody, licensing, hiring. Much of it looks odd, as it
does in life: warrant sweeps, hunts, broadcasts, task forces, namesakes, unrecorded overtime, a car
changed in mid-shift, case numbers in the wrong field, words that merely sound bad.

A scenario is a way of misuse acted out by some operator: a file in `scenarios`, found by being
there. Each time it is acted is an episode of some intensity. Its lookups go through the same
cascades, slips and wordings as everybody's, their pretexts are copied from the operator's own
honest lookups, and every value that they carry is carried by honest lines too: no column, and no
pair of columns, tells misuse from work. The one exception is declared: checks for carry permits
say what they are.

What the city is not: its base rates of misuse are far above those of any real agency, its people
are more regular than people, nobody in it is a minor or has died, and it has no interface replays
and no clock faults. A detector that does well here has passed a test of sense, not of the world.

The seed decides everything, which scenarios are acted too. Rates are by operator and day, so that
a city and the number of its episodes grow linearly.
"""

from auditwatch.synthetic.city import City, make_city, scenario_names
from auditwatch.synthetic.sample import claim_folder, write_city

__all__ = ["City", "claim_folder", "make_city", "scenario_names", "write_city"]
