"""Texts that try a tokeniser alone: awkward ones by hand, then realistic messages, then random mixtures."""

import random

# What the prototype's generator of test cases had in its list of hard ones.
PROTOTYPE = [
    "ＡＢＣ　１２３ｆｕｌｌ－ｗｉｄｔｈ", "ﬁne ﬂour", "①②③ ㈱ ㍿", "a  b   c", "  leading and trailing  ", "tab\tsep",
    "emoji 😀👍🏽 ok", "№ 5 ™ ®", "café cafe\u0301", "한국어 메시지입니다", "日本語のテスト、半角ｶﾀｶﾅ",
    "Привет, где мой заказ?", "مرحبا أين طلبي", "ไทยภาษา", "½ ¼ ² ³", "“quotes” ‘single’ — dash…",
    "https://example.com/a?b=c&d=1", "E-mail: foo.bar@baz.cn", "￥199.00元 €20 $5", "\u200bzero\u200bwidth",
    "\u3000全角空格\u3000", "𠮷野家", "䶮", "𓀀𓀁", "<s> literal", "</s>", "<unk>", "<mask> token", "a<pad>b",
    "Straße ẞ", "İstanbul", "ß", "ǅ", "㌔ ㍑", "½杯", "e\u0301\u0301", "\u1100\u1161\u11a8", "क्षि",
    "👨\u200d👩\u200d👧\u200d👦", "ﷺ", "Ⅷ", "ｶﾞ", "゛", "℃", "㎏ ㎡", "～", "·", "𝒜𝓑", "  ", "x", "?", "！！！",
    "。。。。。。", "a" * 48, "订单订单订单订单", "哈" * 10, "￣へ￣", "(╯°□°）╯︵ ┻━┻", "null\u0007bell",
    "soft\u00adhyphen", "nbsp\u00a0x", "\ufeffbom", "▁meta▁", "query: ", "line sep\u2028x", "żółć",
    "Ångström \u212b", "ﾊﾝｶｸ", "\ue000private", "\ud7ff x",
]  # fmt: skip

SPACES = [
    0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010),
    0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x2581, 0x3000, 0x3164, 0xFEFF, 0xFFA0, 0xFFFC, 0xFFFD,
]  # fmt: skip

WHITESPACE = [
    *(f"a{chr(space)}b" for space in SPACES),
    "", " ", "\n", "\t \r\n", "\u3000", "\u200b", "\ufeff", "▁", "▁▁▁", " ▁ ▁ ", "\u00a0\u00a0", "\u2003" * 7,
    "  订单  号  ", "\n\n第一行\n\n\n第二行\n", "\t缩进\t\t表格\t", "a \u3000 \u00a0\u200b b", "a\u200b\u200bb c\u200b",
    "\ufeff\ufeffquery: x", "a\r\nb\r\n\r\nc", "x" + " " * 500 + "y", " " * 300, "▁订单▁号", "订单 ▁ 号", "_ ▁ ＿",
    # These become a space and a combining mark, and the space is collapsed, stripped or kept like any other.
    "¨", " ¨", "a¨", "a ¨", "a  ¨ b", "¨ ¨", "´", "a ´ b", "¸c", "¯\\_(ツ)_/¯", "˘ ˙ ˚ ˛ ˜ ˝", "ͺ", "΄ ΅", "᾽ ᾿ ῀",
    "‗ ‾", "゛か ゜は", "ﱞ ﱟ", "ﹰ ﹲ", "￣", "a\u200b￣", " ￣ ",
]  # fmt: skip

CONTROLS = [
    "\x00", "a\x00b", "\x01", " \x01 ", "\x01 a", "a \x02 b", "a\x03b", "\x7f", "a\x7f\x80\x81\x8f\x90\x9fb",
    "".join(map(chr, range(1, 0x20))), "x".join(map(chr, range(0x20))), "订\x08单\x1b[31m红\x1b[0m", "\x1e\x1f退款\x1e",
    "a\x01 \x02 \x03b", "a \x01", "e\x01\u0301", "\u00ad", "退\u00ad款", "a\u2060b\u2061c", "\u202a左\u202c\u2066右\u2069",
    "\u061cمرحبا\u061c", "\u180b\u180e", "x\ufe0f", "葛\U000e0100飾", "\U000e0001\U000e0041",
]  # fmt: skip

COMPOSITION = [
    "e\u0301", "é", "E\u0301tat", "e\u0302\u0323", "e\u0323\u0302", "ệ", "ê\u0323", "ẹ\u0302", "s\u0307\u0323",
    "s\u0323\u0307", "ſ\u0323\u0307", "ẛ\u0323", "q\u0323\u0307", "a\u0301\u0302\u0303\u0304", "o\u0308\u0304", "ü\u0304",
    "u\u0308\u0301", "u\u0344", "a\u0340 a\u0341", "\u0301", " \u0301", "\u0301\u0301\u0301", "A\u030a", "\u212b\u0301",
    "c\u0327\u0301", "d\u030c", "n\u0303o", "nin\u0303o sen\u0303or", "Tie\u0302\u0301ng Vie\u0323\u0302t",
    "Đo\u031b\u0300i đo\u031b\u0323i", "\u03b1\u0313\u0301\u0345", "\u1f80", "\u03b9\u0308\u0301", "\u0438\u0306 й \u0435\u0308",
    "ﬁ\u0301", "ﬁ\u0301nal", "ﬀ\u0323", "ﬃ\u0308", "①\u0301", "ａ\u0301", "Ａ\u030a\u0301", "ｅ\u0323\u0302", "²\u0301", "℃\u0301",
    "㎏\u0301", "Ⅷ\u0323", "𝐞\u0301", "𝒜\u030a", "ĳ\u0301", "ŉ\u0301", "ǆ\u030c", "ª\u0301º\u0302", "ᵃ\u0301",
    "ｶﾞ", "ｶ\u3099", "カﾞ", "カ\u3099", "か\u3099", "ガ", "ｶﾞﾞ", "ﾊﾟﾋﾟ", "ﾊﾞｯｸﾞ", "ｱﾞ", "ﾞ", "ﾟｶ", "゛ﾞ\u3099", "ｳﾞｧｲｵﾘﾝ", "ﾜﾞｦﾞ",
    "ｽﾏｰﾄﾌｫﾝｹｰｽの返品ﾎﾟﾘｼｰ", "㌀\u3099", "㋕\u3099", "は\u309aひ\u3099",
    "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u1100\u1161", "가\u11a8", "각\u11a8", "\u1161", "\u11a8", "\u1100\u1100\u1161",
    "ㄱㅏㄱ", "ﾡￂﾡ", "\u1112\u1161\u11ab\u0301", "\ua960\u1161", "㉠㈀㉮",
    "क\u093c", "\u0958", "ड\u093c\u093e", "\u0928\u093c", "\u09c7\u09be", "\u0bc6\u0bbe", "\u0d46\u0d3e", "\u0cc6\u0cc2\u0cd5",
    "\u1025\u102e", "\u0f71\u0f72", "\u0f40\u0fb5", "\u0fb2\u0f71\u0f80", "\u0627\u0653", "\u0648\u0654", "ﻻ", "ﻼ ﷲ", "ﷺ" * 3,
    "\u05e9\u05c1", "\ufb2a", "\ufb2c", "\u05e9\u05bc\u05c1", "\ufb1d\ufb1f", "\u2adc", "=\u0338 <\u0338", "\u2260",
    "\U0001d15e\U0001d165", "\U00011099\U000110ba",
]  # fmt: skip

COMPATIBILITY = [
    "½⅞⅓ ↉", "x²⁺³ H₂O", "ⅰⅳ Ⅻ", "⒈⒛ ⑴⒇ ㉑㊿", "Ⓐⓩ 🄐🅁", "㊗㊙ 🈲🈶🉐", "㍻㋀㏠", "㌕㎉㏂㏘", "㎡/㎥", "﹁﹃︵﹄", "﹐﹑﹒﹔﹗", "︙︰…‥․",
    "＜s＞＜／s＞", "！＂＃＄％＆＇（）＊＋，－．／：；＜＝＞？＠［＼］＾＿｀｛｜｝～", "￠￡￢￥￦ ｟｠ ￨￩￪￫￬￭￮", "～〜∼~", "‐‑‒–—―−", "'＇‘’ʼ",
    "ΩΩ KÅ", "ǄǅǆǇǈ", "ſtraſse ﬅﬆ", "ﬓﬔﬕﬖﬗ", "ℵ ℏ ℓ № ℠ ℡ ™ ℻", "𝟘𝟙𝟚 𝖠𝗕𝘊 𝛼𝜷", "⼀⼁⺟⻳", "豈更車 \U0002f800", "\u0344\u0374\u037e\u0387",
    "☎️ ✉️ ❤️", "#️⃣ 1️⃣ 🔟", "🇨🇳🇹🇼🇺🇸", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "👩🏻\u200d🚀", "🤷🏽\u200d♀️",
    "😂" * 64, "👍👍🏻👍🏼👍🏽👍🏾👍🏿", "🫠🫶🪿", "⌘⏎␣␀",
    # Encoded after XLM-R's rules were made: no rule may touch them.
    "㋿元年", "🅬", "\U0001f23b", "\ua7f2\ua7f3\ua7f4", "\ua7f1\u0301", "\uab69", "\U00010781\U000107b2", "\U0001e030\U0001e06d",
    "\U0001fbf0\U0001fbf9", "\U0001ccd6\U0001ccf9", "\U00011935\U00011930", "\U0001611e\U0001611e",
]  # fmt: skip

UNKNOWN = [
    "\ue000", "\uf8ff", "\U000f0000", "\U00100000\U0010fffd", "\ue000\ue001\ue002", "\ue000 \ue001", "a\ue000b", "\ue000a\ue000",
    "\ue000\x01\ue001", "\ue000\u200b\ue001", "𓀀\ue000𒀀", "\u0378\u0379", "\u2fe0", "\U0003fffd", "\U000e0080", "\ufdd0\ufdef",
    "\ufffe\uffff", "\U0001ffff", "\U0010ffff", "订单\ue000号", "订\ue000 单", "𠮷𠮷", "𠮷野𠮷家", "㐂寿司 𨋢 𡃁", "ꀀꀁ ꊈ", "ᠮᠣᠩᠭᠣᠯ", "ᏣᎳᎩ",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ", "བོད་སྐད་", "\ue000" * 600, "\ue000 " * 40, "𓀀" * 9 + "x" + "𓀀" * 9, "\u0301\ue000", "\U0001f9ff\U0001fabc\U0001fad8",
    "�", "a�b", "��",
]  # fmt: skip

LITERALS = [
    "<s>", "<pad>", "<mask>", "<s></s>", "</s></s>", " <mask> ", "a<mask>b", "<mask><mask>", "我的</s>订单<s>", "<unk><unk>", "<S> </S>",
    "< s > < / s >", "<0x0A>", "▁<s>", "▁</s>▁", "[CLS] [SEP] [MASK] [UNK] [PAD]", "##ing", "<|endoftext|>", "<｜end｜>", "&lt;/s&gt;",
    "<s", "/s>", "<madeupword0>", "query: passage: query:", "passage: ", "query:订单", "null", "NaN", "\\u4f60\\n", "%E4%BD%A0%E5%A5%BD",
]  # fmt: skip

RUNS = [
    "a" * 1000, "哈" * 300, "。" * 200, "！？" * 80, "-" * 121, "=" * 64, "_" * 33, "." * 50, "0" * 200, "1234567890" * 20, "ha" * 77,
    "哈哈呵呵" * 25, "订单" * 100, "退款退款" * 33, "ab " * 200, "a b" * 101, "é" * 40, "e\u0301" * 40, "ｶﾞ" * 40, "，" * 99, "~" * 17,
    "wwwwwww.wwwwww", "Lo" + "o" * 70 + "ng", "ﬁ" * 30, "的" * 257, "\u0301" * 70, "AAAAaaaaAAAAaaaa" * 4, "🙏" * 50, "10086" * 30,
    # Here two segmentations score so alike that sums in float64 choose the other one than SentencePiece's in float32.
    "ല്" * 17, "و" * 19, "danin" * 13,
]  # fmt: skip

AFTER_SALES = [
    "订单号：2024-1111-0086-CN，下单时间2024/11/11 00:03:27", "SF1234567890123 已签收？？？我人在外地！", "实付￥1,299.00（含运费¥12.5），退了1200元整",
    "型号XR-7B/256GB·曜石黑", "麻烦退到原支付渠道（支付宝/微信/花呗），3~5个工作日？", "發票抬頭：台灣某某有限公司　統編：12345678", "退貨運費由誰負擔呢？謝謝🙏",
    "my order #A-99871_b hasn't shipped since 12/24 @ 9:30pm...", "Refund €49,99 or £41.50 (≈US$52)?", "iPhone15ProMax屏幕碎了咋办", "5G/Wi-Fi6E蓝牙5.3都支持嗎？",
    "客服小姐姐在吗在吗在吗", "亲～这个尺码偏大吗(๑•̀ㅂ•́)و✧", "7天无理由退货≠质保，对吧", "价保15天，差价¥37.8怎么申请→", "已拨打12315投诉", "+86 138-0000-0000 / 400-800-8888转2",
    "https://shop.example.com/orders/8899?from=wx&utm_source=双十一#refund", "mailto:help@example.com", "【通知】您的快递已到【菜鸟驿站】，取件码8-2-3046", "「保証書」を紛失しました。",
    "Где мой заказ №45-778? Срок вышел 3 дня назад!", "주문번호 20241111-7, 환불해 주세요ㅠㅠ", "¿Cuándo llega mi pedido? Pagué 30 €…", "Où est mon colis ? J’attends depuis l’été.",
    "Đơn hàng của tôi bị giao thiếu", "أين طلبي رقم ٤٥٦؟ لم يصل بعد", "สินค้าชำรุด ขอคืนเงินได้ไหมคะ", "मेरा ऑर्डर अभी तक नहीं आया", "סטטוס ההזמנה שלי?", "Πού είναι η παραγγελία μου;",
    "Siparişim nerede? IŞIK İÇİN", "Gdzie jest moja przesyłka? Żółta łódź", "సరుకు ఇంకా రాలేదు", "என் ஆர்டர் எங்கே?", "ကျွန်ုပ်၏အော်ဒါ", "ការបញ្ជាទិញរបស់ខ្ញុំ", "می‌خواهم سفارشم را لغو کنم",
    "ჩემი შეკვეთა სად არის?", "Պատվերս ո՞ւր է", "ትዕዛዜ የት ነው?", "මගේ ඇණවුම කොහෙද?", "ສິນຄ້າຂອງຂ້ອຍ", "唔該，我嘅單幾時出貨啊？", "侬好，迭个物事哪能退啊", "ASAP!!!1!", "yyds 绝绝子 xswl", "u r kidding me rn smh",
]  # fmt: skip

MESSAGE_OPENINGS = {
    "zh": ["", "", "你好，", "您好！", "在吗？", "麻烦问下，", "急急急！", "亲亲，", "客服您好，打扰了，"],
    "en": ["", "", "Hi, ", "Hello there! ", "Hey — ", "Good evening, ", "URGENT: ", "Quick question: "],
}
MESSAGE_CORES = {
    "zh": [
        "订单{order}到底什么时候能发货", "我收到的杯子碎了{days}个", "退款申请{days}天了还没到账", "能不能把收货地址改到{city}", "物流停在{city}不动了",
        "买了{days}件只收到1件", "{product}用了{days}天就开不了机", "優惠券結帳時不能用", "發票抬頭可以修改嗎", "想換{product}的顏色", "七天无理由退货运费谁出",
        "降价了{price}元能补差价吗", "怎么开增值税专票", "{product}保修期多久", "订单{order}我不要了，帮我取消", "快递员态度特别差", "会员积分清零了",
    ],
    "en": [
        "where is order {order}", "my {product} arrived broken", "I was charged {price} twice", "can you ship to {city} instead", "the refund is {days} days late",
        "the coupon says expired", "I only got 1 of {days} items", "how long is the warranty on the {product}", "please cancel {order}", "it doesn't fit, can I swap sizes",
        "the app logs me out every {days} minutes", "do I pay return postage", "need a VAT invoice for {order}", "the tracking page has shown {city} since {month}/{days}",
    ],
}  # fmt: skip
MESSAGE_ENDINGS = {
    "zh": ["", "？", "。", "！", "，谢谢", "，谢谢啦～", "？？？", "，我都等了{days}天了！", "，{month}月{days}号下的单", "，再不处理就投诉到12315", "😡", "🙏🙏", "……"],
    "en": ["", "?", ".", "!", " please", " thanks!!", "?? I've waited {days} days", " :(", " 😤", " - ordered on {month}/{days}", "... unacceptable", " (3rd time asking)"],
}
MESSAGE_WORDS = {
    "city": ["上海", "深圳市南山区", "高雄", "Toronto", "Berlin", "São Paulo", "Zürich", "乌鲁木齐"],
    "product": ["iPhone 15", "扫地机器人", "AirPods", "電鍋", "blender", "mechanical keyboard", "羽绒服", "XR-7B"],
}

MIXTURE_POOLS = [
    "我的订单什么时候发货退款多久能到账優惠券為什麼用不了",
    "the order refund coupon parcel address invoice ",
    "0123456789.,:;!?-/#@&()[]<>…—·、。，！？：；（）「」",
    "ＡＢＣａｂｃ０１２！？ｱｲｳｶﾞﾊﾟ①②Ⅷ㎏ﬁﬂ½²℃™㈱",
    "\u0301\u0302\u0308\u0323\u030a\u3099\u309a\u093c\u20e3\ufe0f\u200d",
    " \t\n\u00a0\u3000\u200b\u2003\u2028\ufeff▁\x01\x0b\x7f\u00ad",
    "😀👍🏽🙏❤🇨🇳👩🚀",
    "приветガギгдемойабвمرحباטคไทยहिन्दी한국어ありがとう\u1100\u1161\u11a8",
    "𠮷𓀀\ue000\uf8ff\u0378\U000f0000㋿",
    "éèüñçøłßđơưệ",
]


def token_texts() -> list[str]:
    by_hand = [*PROTOTYPE, *WHITESPACE, *CONTROLS, *COMPOSITION, *COMPATIBILITY, *UNKNOWN, *LITERALS, *RUNS, *AFTER_SALES]
    generator = random.Random(20241111)
    messages = [message(generator) for _ in range(150)]
    mixtures = [mixture(generator) for _ in range(60)]
    return list(dict.fromkeys([*by_hand, *messages, *mixtures]))


def message(generator: random.Random) -> str:
    """What a shopper might write, in one language or, one time in eight, in both."""
    language = generator.choice(["zh", "zh", "en"])
    parts = [MESSAGE_OPENINGS[language], MESSAGE_CORES[language], MESSAGE_ENDINGS[language]]
    if generator.random() < 1 / 8:
        parts.insert(2, [" / ", "，", " "])
        parts.insert(3, MESSAGE_CORES["en" if language == "zh" else "zh"])
    return "".join(map(generator.choice, parts)).format(
        order=generator.randint(10_000, 99_999_999),
        days=generator.randint(2, 15),
        month=generator.randint(1, 12),
        price=f"{generator.randint(5, 4_000)}.{generator.randint(0, 99):02}",
        **{word: generator.choice(choices) for word, choices in MESSAGE_WORDS.items()},
    )


def mixture(generator: random.Random) -> str:
    """Short stretches out of unlike pools, so that marks, spaces and unknown characters meet everything."""
    stretches = []
    for _ in range(generator.randint(2, 14)):
        pool = generator.choice(MIXTURE_POOLS)
        stretches.append("".join(generator.choices(pool, k=generator.randint(1, 5))))
    return "".join(stretches)
