"""The text of a contract: what stands in for a template that nobody wrote, and the places in it that are filled when it is read."""

from decimal import Decimal

from app.contracts.models import Contract, ContractKind, ContractTemplate
from app.core.money import capitals

# Written in Chinese in both languages of the screens: it is the paper that the customer signs.
USUAL: dict[ContractKind, str] = {
    ContractKind.REPAIR: (
        "一、乙方按本合同所列项目为甲方设备【设备】提供保外维修服务，更换的配件为合格新件。\n"
        "二、合同总价为人民币【金额】元（大写：【大写】），含税。\n"
        "三、甲方自收到发票之日起【付款天数】日内付款至乙方对公账户；乙方人员不以个人账户收款。\n"
        "四、所换配件自验收之日起质保 6 个月，易损件及使用不当造成的损坏除外。\n"
        "五、甲方提供必要的现场条件；进入地坑作业遵守有限空间安全规定。\n"
        "六、未尽事宜双方协商解决；协商不成的，由乙方所在地人民法院管辖。"
    ),
    ContractKind.AGREEMENT: (
        "一、乙方自【起】至【止】为本合同所列设备提供年度维保服务，含定期保养和故障维修人工。\n"
        "二、合同总价为人民币【金额】元（大写：【大写】），含税；更换的配件另行计价，本合同已列明的除外。\n"
        "三、甲方自收到发票之日起【付款天数】日内付款至乙方对公账户。\n"
        "四、乙方接到报修后及时响应；进入地坑作业遵守有限空间安全规定。\n"
        "五、未尽事宜双方协商解决；协商不成的，由乙方所在地人民法院管辖。"
    ),
    ContractKind.QUOTE: (
        "经双方确认，按上列项目和价格进行维修，合计人民币【金额】元（大写：【大写】），含税。\n"
        "甲方自收到发票之日起【付款天数】日内付款至乙方对公账户。"
    ),
}
PLACES = ("【编号】", "【客户】", "【设备】", "【事项】", "【金额】", "【大写】", "【付款天数】", "【起】", "【止】")


def templates_of(kind: ContractKind) -> list[ContractTemplate]:
    """The templates of this kind that are in use, by name."""
    return list(ContractTemplate.select().where(ContractTemplate.kind == kind, ContractTemplate.is_active).order_by(ContractTemplate.name))


def usual_text(kind: ContractKind) -> str:
    """What a new contract of this kind says: its first template, or what stands in for one."""
    found = templates_of(kind)
    return found[0].text if found else USUAL[kind]


def filled(contract: Contract, text: str) -> str:
    """``text`` with its places filled from ``contract``."""
    total: Decimal = contract.total
    values = (
        contract.number, contract.customer.name, contract.machine.serial if contract.machine_id else "", contract.title, f"{total:,.2f}",
        capitals(total), str(contract.payment_days), str(contract.valid_from or ""), str(contract.valid_until or ""),
    )  # fmt: skip
    for place, value in zip(PLACES, values, strict=True):
        text = text.replace(place, value)
    return text
