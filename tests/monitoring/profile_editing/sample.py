"""A profile with entries in every part."""

TEXT = """# ours
profile: p1
name: {zh: 站, en: Station}
expected_interval_s: 60
metrics:
  oil_temp: {unit: "°C", range: [-40, 150], normal: [10, 60], name: {zh: 油温, en: Oil temperature}}
  mode: {kind: text, name: {zh: 方式, en: Mode}, values: {auto: {zh: 自动, en: Automatic}}}
codes: # as the maker lists them
  E1: {name: {zh: 一, en: One}, severity: low} # agreed in May
  E2: {name: {zh: 二, en: Two}, severity: high, ticket: {count: 3, within_s: 600}}
  E3:
    name: {zh: 三, en: Three}
    severity: critical # not less
    latching: true
rules:
  - {code: E1, metric: oil_temp, levels: [{above: 70}, {above: 80, severity: high, on_delay_s: 5}], deadband: 2} # hot
  - {code: E2, metric: oil_temp, missing_s: 600}
combinations:
  - {code: C1, all_of: [E1, E2], within_s: 300, name: {zh: 合, en: Both}, severity: critical}
suppress:
  - {parent: E3, children: [E1, E2]}
"""
