"""What ``python -m mqtt check`` says to the maker of a device, in Chinese and English."""

from app.monitoring.messages import Reason

LANGUAGES = ("zh", "en")

# Why a message is refused, and what to do about it.
REFUSED: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_TOPIC: (
        "主题不对：应为 {root}/<设备编码>/telemetry、fault 或 state。",
        "This topic is not known: it must be {root}/<device>/telemetry, fault or state.",
    ),
    Reason.BAD_DEVICE: (
        "设备编码不对：1 至 64 个字符，只能用字母、数字、点、下划线、连字符。",
        "This is no device code: 1 to 64 letters, digits, dots, underscores or hyphens.",
    ),
    Reason.EMPTY: ("内容为空。", "The payload is empty."),
    Reason.TOO_LARGE: (
        "内容超过 64 KiB（{detail}），请分成几条。",
        "The payload is larger than 64 KiB ({detail}): send it in several messages.",
    ),
    Reason.TOO_MANY_OBJECTS: (
        "一个数组超过 200 条（{detail}），请分成几条消息。",
        "An array holds more than 200 objects ({detail}): send it in several messages.",
    ),
    Reason.BYTE_ORDER_MARK: (
        "开头有字节顺序标记（BOM），请用不带 BOM 的 UTF-8。",
        "It begins with a byte order mark: send UTF-8 without one.",
    ),
    Reason.NOT_UTF8: ("不是 UTF-8 编码（{detail}）。中文请勿用 GBK。", "It is not UTF-8 ({detail})."),
    Reason.NOT_JSON: ("不是合法的 JSON：{detail}", "It is not JSON: {detail}"),
    Reason.NOT_FINITE: (
        "数值不是数（NaN）、无穷大或超出范围。测不到时请不要发该参数，或发 null。",
        "A number is none (NaN), infinite or too large. Leave out what cannot be measured, or send null.",
    ),
    Reason.TOO_DEEP: ("嵌套超过 8 层。", "It is nested deeper than 8 levels."),
    Reason.DUPLICATE_KEY: ("同一个键出现两次。", "A key stands twice in one object."),
    Reason.NUL_CHARACTER: ("文字里有 NUL 字符（\\u0000）。", "A text holds the character NUL (\\u0000)."),
    Reason.TOO_MANY_METRICS: ("一条消息的参数超过 200 个（{detail}）。", "A message has more than 200 metrics ({detail})."),
    Reason.WRONG_TYPE: ("字段缺失或类型不对：{detail}", "A field is missing or of the wrong type: {detail}"),
    Reason.BAD_TIME: (
        "时间 ts 不对（{detail}）：用带时区的 ISO 8601，例如 2026-11-23T08:00:00.123Z，或 1970 年以来的毫秒数。",
        "The time ts is not right ({detail}): ISO 8601 with a zone such as 2026-11-23T08:00:00.123Z, or milliseconds since 1970.",
    ),
    Reason.KEY_CONFLICT: (
        "boot {boot} 的序号 {seq} 已发过，内容不同：只有第一条有效。",
        "Number {seq} of boot {boot} was sent before with other content: only the first one counts.",
    ),
    Reason.UNSTORABLE: ("无法保存：{detail}", "It cannot be stored: {detail}"),
}

# What is taken in but not as it should be; the second of each key says whether it is an error ("error") or a hint ("hint").
NOTED: dict[str, tuple[str, str, str]] = {
    "qos_0": (
        "error",
        "用 QoS 0 发布，断线时会丢失。请用 QoS 1。",
        "Published with QoS 0: it is lost when the connection breaks. Use QoS 1.",
    ),
    "retained": (
        "error",
        "{kind} 带了保留标志（retain）。只有 state 应保留；保留的故障会在重连时重复出现。",
        "A {kind} was published with the retain flag. Only a state is retained; a retained fault comes back at each reconnection.",
    ),
    "not_retained": (
        "hint",
        "state 没有保留标志（retain），平台重启后不知道设备是否在线。",
        "A state was published without the retain flag: after a restart the portal cannot tell whether the device is there.",
    ),
    "no_identity": (
        "error",
        "没有 boot 和 seq，也没有 ts：重发会被当作新消息，丢失也发现不了。",
        "There is neither boot and seq nor ts: sent again it counts twice, lost it is not missed.",
    ),
    "no_number": (
        "hint",
        "没有 boot 和 seq：平台发现不了丢失的消息。",
        "There is no boot and seq: the portal cannot notice lost messages.",
    ),
    "no_time": (
        "hint",
        "没有 ts，以平台收到的时间为准；离线补发时时间会错。",
        "There is no ts: the time of receipt counts, which is wrong for what is sent late.",
    ),
    "seconds": (
        "error",
        "ts {ts} 像是秒数；应为毫秒。",
        "The ts {ts} looks like seconds; milliseconds are wanted.",
    ),
    "other_zone": (
        "error",
        "ts 与收到时间相差约 {hours:+.1f} 小时，像是把当地时间当作 UTC 发送。",
        "The ts is about {hours:+.1f} hours off: it looks like local time sent as UTC.",
    ),
    "ahead": (
        "error",
        "ts 比收到时间早到 {seconds:.0f} 秒（设备时钟快了）。",
        "The ts is {seconds:.0f} s in the future: the device's clock is fast.",
    ),
    "behind": (
        "hint",
        "ts 比收到时间旧 {seconds:.0f} 秒：如果不是补发，设备时钟慢了。",
        "The ts is {seconds:.0f} s old: if this was not sent late, the device's clock is slow.",
    ),
    "not_from_0": (
        "error",
        "boot {boot} 的第一条是 {kind}、序号 {seq}；应先发 state（online: true），序号 0。",
        "The first message of boot {boot} is a {kind} with number {seq}; it must be a state (online: true) with number 0.",
    ),
    "missing": ("error", "boot {boot} 缺序号 {first} 至 {last}。", "Numbers {first} to {last} of boot {boot} are missing."),
    "filled": ("hint", "boot {boot} 补到了缺的序号 {seq}。", "The missing number {seq} of boot {boot} came late."),
    "again": (
        "hint",
        "boot {boot} 的序号 {seq} 又发了一次，内容相同：忽略。",
        "Number {seq} of boot {boot} was sent again with the same content: it is ignored.",
    ),
    "birth_without_faults": (
        "hint",
        "上线消息没有 faults 列表：重启后平台不知道哪些故障还在。没有故障时请发空列表。",
        "The birth has no list of faults, so the portal cannot tell which are still there. Send an empty list when there are none.",
    ),
    "raised_again": (
        "hint",
        "故障 {code} 在 {seconds:.0f} 秒内又报 active: true。故障应在出现和消失时各发一次。",
        "Fault {code} said active: true again after {seconds:.0f} s. A fault is sent once when it comes and once when it goes.",
    ),
    "unknown_code": (
        "hint",
        "故障代码 {code} 不在监控模板里，会按高级报警处理。",
        "Code {code} is not in the profile: it counts as an alarm of severity high.",
    ),
    "unknown_metric": (
        "hint",
        "参数 {metric} 不在监控模板里，会保存但不显示名称。",
        "Metric {metric} is not in the profile: it is stored, but has no name.",
    ),
    "wrong_kind": (
        "error",
        "参数 {metric} 应为{wanted}，收到 {value}。",
        "Metric {metric} must be a {wanted}; it was {value}.",
    ),
    "out_of_range": (
        "hint",
        "参数 {metric} 的值 {value} 超出传感器范围 {low} 至 {high}。",
        "Metric {metric} is {value}, outside the range of its sensor, {low} to {high}.",
    ),
    "no_birth": (
        "error",
        "没有收到 state。设备连接后应先发上线消息（带保留标志），并设置遗嘱 online: false。",
        "No state was received. A device sends a birth (retained) when it connects and sets the last will online: false.",
    ),
    "nothing": ("error", "没有收到任何消息。", "No message was received."),
}
SUMMARY = (
    "{device}：{messages} 条消息，错误 {errors}，提示 {hints}。",
    "{device}: {messages} messages, {errors} errors, {hints} hints.",
)
GOOD = ("没有发现问题。", "Nothing wrong was found.")
LABELS = {"error": ("错误", "error"), "hint": ("提示", "hint")}
KINDS = {"number": ("数字", "number"), "boolean": ("布尔值", "boolean"), "text": ("文字", "text")}
