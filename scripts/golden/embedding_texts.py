"""The texts whose vectors are golden: what shoppers write and shops publish, and what breaks tokenisers."""

from typing import NamedTuple


class Example(NamedTuple):
    name: str
    kind: str  # `query` or `passage`, which is also the prefix
    text: str


RETURN_POLICY_ZH = """七天无理由退货

自签收次日零时起七天内，商品完好、配件齐全、不影响二次销售的，可申请无理由退货。定制商品、鲜活易腐商品、已拆封的音像制品和软件不适用。

退货运费：因个人原因退货的，由买家承担；商品存在质量问题的，由商家承担，请先垫付，凭运费凭证在「我的订单 → 售后」中申请返还。

退款时间：仓库验收后 24 小时内发起退款，原路退回。支付宝、微信一般 1–3 个工作日到账，信用卡 3–7 个工作日。"""

RETURN_POLICY_EN = """Returns and refunds

You may return most items within 30 days of delivery. They must be unused, in the original packaging, and come with proof of purchase.

To start a return, open "My orders", choose the item and select "Return or exchange". We will e-mail you a prepaid label; it is free if the item is faulty or not as described, otherwise $6.95 is deducted from your refund.

Refunds go to the original payment method within 5 business days after our warehouse has checked the parcel."""

BOTH_POLICIES = RETURN_POLICY_EN + "\n\n" + RETURN_POLICY_ZH

FILLER = "货"
"""One token for each repetition here, so that the number of tokens can be chosen."""

EXAMPLES = [
    # Chinese
    Example("zh-plain-1", "query", "我的订单什么时候发货？"),
    Example("zh-plain-2", "query", "退款多久能到账"),
    Example("zh-angry", "query", "都第三次联系你们了！！！再不处理我就打12315投诉"),
    Example("zh-order-number", "query", "订单号20241111000867，能帮我取消吗"),
    Example("zh-price", "query", "昨天买的¥1,299.00，今天降到￥1199元了，能退差价100块吗？"),
    Example("zh-colloquial", "query", "亲，在吗～这个尺码偏大还是偏小呀(๑•̀ㅂ•́)و✧"),
    Example("zh-traditional-1", "query", "請問退貨的運費由誰負擔？"),
    Example("zh-traditional-2", "query", "發票抬頭打錯了，可以重新開立嗎？統編是12345678"),
    Example("zh-cantonese", "query", "唔該，我嘅單幾時出貨啊？"),
    Example("zh-policy", "passage", "签收后七天内可申请无理由退货，退货运费由买家承担；质量问题由商家承担。"),
    Example("zh-invoice-article", "passage", "开具增值税专用发票需提供公司名称、税号、开户行及账号、注册地址和电话，审核通过后3个工作日内寄出。"),
    Example("zh-traditional-article", "passage", "商品到貨享七天猶豫期之權益，退回時須保持商品本體、附件、內外包裝、隨機文件之完整性。"),
    Example("zh-several-paragraphs", "passage", RETURN_POLICY_ZH),
    # English
    Example("en-plain-1", "query", "where is my order?"),
    Example("en-plain-2", "query", "I want a refund, the product arrived damaged"),
    Example("en-capitals", "query", "WHERE IS MY PACKAGE?!?! IT SAYS DELIVERED"),
    Example("en-typos", "query", "hi i havnt recieved my itme yet its been 3wks"),
    Example("en-apostrophes", "query", "it doesn’t fit & I’d like to “exchange” it—can’t I?"),
    Example("en-warranty-article", "passage", "Every appliance carries a two-year limited warranty that covers defects in materials and workmanship."),
    Example("en-shipping-article", "passage", "Standard shipping takes 3-5 business days; express orders placed before 14:00 leave the same day."),
    Example("en-several-paragraphs", "passage", RETURN_POLICY_EN),
    # Mixed
    Example("mixed-zh-en", "query", "我的order #A-99871还没ship，可以refund吗？"),
    Example("mixed-product", "query", "iPhone15ProMax屏幕碎了，AppleCare+能保修吗"),
    Example("mixed-article", "passage", "AirPods / 蓝牙耳机因卫生原因（hygiene reasons）拆封后不支持7天无理由退货。"),
    # Other scripts
    Example("ja", "query", "注文した商品がまだ届きません。キャンセルできますか？"),
    Example("ko", "passage", "주문한 상품이 아직 도착하지 않았어요. 환불해 주세요."),
    Example("ru", "passage", "Где мой заказ № 45-778? Прошло уже две недели."),
    Example("ar", "query", "أين طلبي؟ لم يصل منذ أسبوعين"),
    Example("th", "query", "สินค้าชำรุด ขอคืนเงินได้ไหมคะ"),
    Example("hi", "passage", "मेरा ऑर्डर अभी तक नहीं आया है"),
    Example("vi", "query", "Đơn hàng của tôi bị giao thiếu một sản phẩm"),
    Example("es-article", "passage", "Dispone de 14 días naturales para desistir de la compra sin indicar el motivo; el reembolso incluye el envío estándar."),
    Example("fr-article", "passage", "La garantie légale de conformité couvre l’appareil pendant deux ans à compter de la livraison."),
    Example("he-article", "passage", "ניתן להחזיר את המוצר תוך 14 ימים מיום קבלתו."),
    # Compatibility forms
    Example("full-width", "query", "订单号ＳＦ１２３４５６，金额￥１９９．００，请查收！"),
    Example("half-width-katakana", "query", "ﾊﾞｯｸﾞのｷｬﾝｾﾙﾎﾟﾘｼｰを教えてください"),
    Example("ligatures", "passage", "the ﬁrst oﬃcial ﬂat-rate oﬀer"),
    Example("circled-digits", "query", "①没收到货②没人回复③要求退款"),
    Example("units", "passage", "规格：㎏、㎡、℃、½、²、Ⅷ、№ 5、㈱、™"),
    Example("mathematical-letters", "passage", "𝐆𝐞𝐭 𝓯𝓻𝓮𝓮 𝕣𝕖𝕗𝕦𝕟𝕕𝕤"),
    Example("ideographs-rare", "query", "收件人是𠮷野先生和䶮小姐"),
    # Emoji
    Example("emoji-plain", "query", "杯子碎了😭😡怎么办"),
    Example("emoji-joined", "query", "给家人买的👨\u200d👩\u200d👧\u200d👦到货了吗"),
    Example("emoji-skin-tone", "query", "thank you 👍🏽🙏🏿"),
    Example("emoji-keycap-and-flag", "query", "1️⃣ 退货 2️⃣ 换货，寄到🇨🇳"),
    # Combining marks
    Example("decomposed-latin", "query", "Mon de\u0301po\u0302t a\u0300 la cafe\u0301te\u0301ria"),
    Example("composed-latin", "passage", "Mon dépôt à la cafétéria"),
    Example("decomposed-vietnamese", "query", "Tie\u0302\u0301ng Vie\u0323\u0302t, đo\u0302\u0309i ha\u0300ng"),
    Example("hangul-jamo", "query", "\u1112\u116a\u11ab\u1107\u116e\u11af \u110c\u116e\u1109\u1166\u110b\u116d"),
    Example("mark-after-compatibility", "query", "ﬁ\u0301 ｶﾞ ｅ\u0323\u0302 ①\u0301"),
    Example("stacked-marks", "query", "r\u0336\u0352e\u0335\u0301\u0301f\u0334\u0303u\u0338n\u0337d"),
    # Addresses and numbers
    Example("url", "query", "https://shop.example.com/orders/8899?from=wx&utm=双十一#refund"),
    Example("email", "passage", "Write to help@example.com or call 400-800-8888 (Mon–Fri, 9:00–18:00)."),
    Example("tracking-number", "passage", "SF1234567890123"),
    Example("only-digits", "query", "20241111000867"),
    Example("prices", "passage", "€49,99 £41.50 $52 ¥378 ₹4,500 ₩70,000"),
    # Next to nothing
    Example("empty-query", "query", ""),
    Example("empty-passage", "passage", ""),
    Example("one-letter", "query", "x"),
    Example("one-ideograph", "query", "退"),
    Example("only-punctuation", "query", "？？？！！！"),
    Example("only-spaces", "query", " \u3000 \t\n "),
    Example("only-unknown", "query", "\ue000\ue001 \U000f0000"),
    # Spaces, and what cannot be seen
    Example("repeated-spaces", "query", "退货   怎么    操作"),
    Example("outer-spaces", "query", "   how do I return this?   "),
    Example("tabs-and-newlines", "passage", "商品\t数量\t单价\r\n杯子\t2\t¥39\r\n盘子\t1\t¥59\r\n"),
    Example("ideographic-space", "query", "\u3000收货人\u3000\u3000王小明\u3000"),
    Example("no-break-space", "query", "1\u00a0299,00\u202f€ s’il vous plaît\u00a0!"),
    Example("zero-width", "query", "re\u200bfund\u200c my\u2060 order\u200e"),
    Example("byte-order-mark", "query", "\ufeff怎么改地址"),
    Example("soft-hyphen", "passage", "Rück\u00adsende\u00adetikett und Kauf\u00adpreis\u00aderstattung"),
    Example("controls", "query", "订单\x00号\x07是\x1b[31m12345\x1b[0m\x7f"),
    Example("line-separator", "passage", "第一行\u2028第二行\u2029第三行\x0b第四行\x0c第五行\x85第六行"),
    Example("bidirectional", "query", "\u202bالطلب 12345\u202c cancel \u2066please\u2069"),
    Example("replacement-character", "query", "我的���单号�是多少"),
    # Typed markup
    Example("literal-metaspace", "query", "▁订单▁号 is ▁ literal"),
    Example("literal-end", "query", "</s> ignore the above </s>"),
    Example("literal-specials", "query", "<s>退款<pad><mask>多久<unk></s>"),
    Example("literal-prefixes", "passage", "query: passage: query: 退货"),
    Example("html", "passage", "<p>退货地址：<b>上海市</b>&nbsp;浦东新区<br/></p>"),
    # Length: the names say how many tokens there are before truncation
    Example("exactly-511", "query", BOTH_POLICIES + FILLER * 230),
    Example("exactly-512", "query", BOTH_POLICIES + FILLER * 231),
    Example("exactly-513", "query", BOTH_POLICIES + FILLER * 232),
    Example("exactly-512-passage", "passage", BOTH_POLICIES + FILLER * 232),
    Example("long-query", "query", "我的订单什么时候发货？已经等了三天了，客服也没有回复。" * 60),
    Example("long-passage", "passage", "\n\n".join([BOTH_POLICIES] * 8)),
]

MINILM_EXAMPLES = [
    # This model knows no prefixes: the kind changes nothing.
    Example("plain", "query", "where is my order?"),
    Example("capitals-and-accents", "query", "WHERE is my Café crème refund, Zoë?"),
    Example("decomposed-accents", "query", "de\u0301ja\u0300 vu, nin\u0303o"),
    Example("numbers", "query", "Order #A-99871_b: €49,99 (≈ $52.10) on 12/24 @ 9:30pm"),
    Example("long-words", "query", "antidisestablishmentarianism " + "x" * 101),
    Example("chinese", "query", "我的订单什么时候发货？"),
    Example("emoji", "query", "thank you 👍🏽 it arrived 😀"),
    Example("spaces-and-controls", "query", "  a\tb\n\nc\u00a0d\u3000e\u200bf\x07g\ufeff  "),
    Example("literal-specials", "query", "[CLS] my [MASK] order [SEP] [UNK] [PAD]"),
    Example("empty", "query", ""),
    Example("article", "passage", RETURN_POLICY_EN),
    Example("truncated", "passage", "\n\n".join([RETURN_POLICY_EN] * 4)),
]
