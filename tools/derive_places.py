"""Write places.csv of `jevons.factors`: codes, names, and what each place lies within.

    python tools/derive_places.py

Countries of ISO 3166 by continent. Continents are Ember's regions, which add up to its world; which country is
in which is checked against Ember's totals: generation of the countries over that of the region, printed.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive_common import mixes, rows, write

WITHIN = {
    "AFRICA": "DZA AGO BEN BWA BFA BDI CPV CMR CAF TCD COM COG COD CIV DJI EGY GNQ ERI SWZ ETH GAB GMB GHA GIN GNB KEN "
    "LSO LBR LBY MDG MWI MLI MRT MUS MYT MAR MOZ NAM NER NGA REU RWA SHN STP SEN SYC SLE SOM ZAF SSD SDN TZA TGO TUN "
    "UGA ESH ZMB ZWE",
    "ASIA": "AFG ARM AZE BGD BTN BRN KHM CHN GEO HKG IND IDN JPN KAZ PRK KOR KGZ LAO MAC MYS MDV MNG MMR NPL PAK PHL "
    "SGP LKA TWN TJK THA TLS TKM UZB VNM",
    "EUROPE": "ALB AND AUT BLR BEL BIH BGR HRV CYP CZE DNK EST FRO FIN FRA DEU GIB GRC GGY HUN ISL IRL IMN ITA JEY XKX "
    "LVA LIE LTU LUX MLT MDA MCO MNE NLD MKD NOR POL PRT ROU RUS SMR SRB SVK SVN ESP SWE CHE TUR UKR GBR VAT ALA SJM",
    "LATIN_AMERICA": "AIA ATG ARG ABW BHS BRB BLZ BMU BOL BES BRA VGB CYM CHL COL CRI CUB CUW DMA DOM ECU SLV FLK GUF "
    "GRD GLP GTM GUY HTI HND JAM MTQ MEX MSR NIC PAN PRY PER PRI BLM KNA LCA MAF VCT SXM SUR TTO TCA VIR URY VEN",
    "MIDDLE_EAST": "BHR IRN IRQ ISR JOR KWT LBN OMN PSE QAT SAU SYR ARE YEM",
    "NORTH_AMERICA": "CAN GRL SPM USA",
    "OCEANIA": "ASM AUS COK FJI PYF GUM KIR MHL FSM NRU NCL NZL NIU NFK MNP PLW PNG WSM SLB TKL TON TUV VUT WLF",
}
NAMES = {
    "WORLD": "World", "EU27": "European Union (27)", "AFRICA": "Africa", "ASIA": "Asia", "EUROPE": "Europe",
    "LATIN_AMERICA": "Latin America and Caribbean", "MIDDLE_EAST": "Middle East", "NORTH_AMERICA": "North America",
    "OCEANIA": "Oceania", "ASEAN": "ASEAN", "G7": "G7", "G20": "G20", "OECD": "OECD", "CLOUD": "cloud region not known",
    "ALA": "Åland", "BES": "Caribbean Netherlands", "BLM": "Saint Barthélemy", "CUW": "Curaçao", "GUM": "Guam",
    "GGY": "Guernsey", "HKG": "Hong Kong", "IMN": "Isle of Man", "JEY": "Jersey", "MAF": "Saint Martin",
    "MNP": "Northern Mariana Islands", "MYT": "Mayotte", "NFK": "Norfolk Island", "SJM": "Svalbard and Jan Mayen",
    "SXM": "Sint Maarten", "TKL": "Tokelau", "VAT": "Vatican City", "WLF": "Wallis and Futuna", "AIA": "Anguilla",
    "NIU": "Niue",
}  # fmt: skip
ISO2 = {  # where no zone list of the published data has it
    "AIA": "AI", "ALA": "AX", "ASM": "AS", "BES": "BQ", "BLM": "BL", "BMU": "BM", "CHL": "CL", "COK": "CK", "CUW": "CW",
    "CYM": "KY", "ESH": "EH", "EU27": "EU", "FLK": "FK", "FRO": "FO", "GGY": "GG", "GIB": "GI", "GLP": "GP",
    "GRD": "GD", "GRL": "GL", "GUF": "GF", "GUM": "GU", "HKG": "HK", "IMN": "IM", "JEY": "JE", "KIR": "KI", "KNA": "KN",
    "MAC": "MO", "MAF": "MF", "MNP": "MP", "MSR": "MS", "MTQ": "MQ", "MYT": "YT", "NCL": "NC", "NFK": "NF", "NIU": "NU",
    "NRU": "NR", "PRI": "PR", "PSE": "PS", "PYF": "PF", "REU": "RE", "RUS": "RU", "SHN": "SH", "SJM": "SJ", "SPM": "PM",
    "SXM": "SX", "TCA": "TC", "TKL": "TK", "TWN": "TW", "UKR": "UA", "VAT": "VA", "VGB": "VG", "VIR": "VI", "WLF": "WF",
    "XKX": "XK", "CHN": "CN", "CYP": "CY", "FIN": "FI", "FRA": "FR", "IND": "IN", "ISR": "IL", "NLD": "NL", "PAK": "PK",
    "SOM": "SO", "SRB": "RS",
}  # fmt: skip
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia, US",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont",
    "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
CHECKED = (2020, 2021, 2022)
"""Years for which every country that Ember knows has a row."""


def places() -> Iterator[dict[str, object]]:
    named = {"XKX": "Kosovo"}
    codes = {}
    for row in rows("water_scarcity.csv"):
        if row["version"].startswith("AWARE 2.0"):
            named.setdefault(row["iso3"], row["zone_name"])
            if len(row["zone"]) == 2:
                codes[row["iso3"]] = row["zone"]
    subregions = {}
    for row in rows("grid_intensity.csv"):
        if row["source_title"].startswith("Ember"):
            named[row["zone"]] = row["zone_name"]
        elif "eGRID2023 rev2" in row["source_title"] and row["zone"] != "egrid:US":
            subregions[row["zone"].removeprefix("egrid:")] = row["zone_name"]
        elif row["iso3"] and len(row["zone"]) == 2:
            codes[row["iso3"]] = row["zone"]
    within = {country: continent for continent, members in WITHIN.items() for country in members.split()}
    for code in sorted(within.keys() | NAMES.keys()):
        name = NAMES.get(code) or named[code]
        yield {"place": code, "iso2": ISO2.get(code) or codes.get(code, ""), "name": name, "within": within.get(code)}
    for code, name in sorted(subregions.items()):
        yield {"place": code, "iso2": "", "name": name, "within": "USA"}
    for code, name in sorted(STATES.items()):
        yield {"place": f"US-{code}", "iso2": "", "name": name, "within": "USA"}


def check() -> None:
    for continent, members in WITHIN.items():
        shares = []
        for year in CHECKED:
            parts = [mixes().get(country, {}).get(year) for country in members.split()]
            shares.append(sum(part[1] for part in parts if part) / mixes()[continent][year][1])
        print(f"{continent}: its countries generate {min(shares):.2%} to {max(shares):.2%} of Ember's total")


if __name__ == "__main__":
    check()
    write("places.csv", ["place", "iso2", "name", "within"], places())
