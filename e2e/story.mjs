// Two weeks at a made-up desk: what shoppers wrote, in Chinese and English, and what agents did about it.

/** Who works for the shop. */
export const PEOPLE = [
  { login: "xiaolin", name: "小林", role: "agent", skills: { intents: [], languages: ["zh"], most_tickets: 0 } },
  { login: "emma", name: "Emma", role: "agent", skills: { intents: [], languages: ["en"], most_tickets: 0 } },
  { login: "laochen", name: "老陈", role: "agent", skills: { intents: ["refund_amount", "refund_status", "return_request"], languages: [], most_tickets: 0 } },
  { login: "xiaomei", name: "小梅", role: "supervisor", skills: { intents: [], languages: [], most_tickets: 0 } },
];

/**
 * Conversations, the oldest first. `days` is how long ago; `lines` are the shopper's; what follows happens if there is a ticket:
 * `by` claims it, `note` is for colleagues, `reply` for the shopper, `intent` corrects, `close` is the reason, `rate` the stars. Nothing of
 * another day is left undone.
 */
export const CONVERSATIONS = [
  { days: 13, lines: ["七天无理由怎么退货"], helpful: true, rate: 5 },
  { days: 13, lines: ["How long does delivery take?", "thanks"], helpful: true },
  { days: 12, lines: ["发票抬头开错了怎么改"], helpful: true },
  { days: 12, lines: ["退款几天能到账"], helpful: false, rate: 3 },
  { days: 12, lines: ["电饭煲煮一半跳闸了，怎么回事"], customer: ["C-2087", "周女士"], by: "xiaolin", reply: "周女士您好，先别再通电，我马上安排换新。", close: "replaced", rate: 5 },
  { days: 11, lines: ["运费谁出"], helpful: true },
  { days: 11, lines: ["What is covered by the warranty?"], helpful: true, rate: 4 },
  { days: 10, lines: ["快递三天没动了"], helpful: true },
  { days: 10, lines: ["我要投诉，说了三次都没人理我"], customer: ["C-1733", "黄先生"], by: "xiaolin", reply: "黄先生，非常抱歉，前面几次没有人跟进是我们的问题。我来负责到底。", close: "explained", rate: 4 },
  { days: 9, lines: ["空气净化器滤芯多久换一次"], helpful: true },
  { days: 9, lines: ["Can I change the delivery address of my order?"], helpful: true },
  { days: 8, lines: ["羽绒服能机洗吗"], helpful: true, rate: 5 },
  { days: 8, lines: ["收到的杯子碎了一只"], customer: ["C-2210", "吴女士"], by: "laochen", reply: "吴女士您好，照片不用拍了，今天就给您补发一只。", close: "replaced", rate: 5 },
  { days: 7, lines: ["怎么申请价保"], helpful: true },
  { days: 7, lines: ["I was charged twice for order NL20261101-44120"], customer: ["C-3001", "Olivia Brown"], by: "emma", reply: "Hello Olivia, I can see both charges. The second one is on its way back to you.", close: "refunded", rate: 5 },
  { days: 6, lines: ["发货要几天", "那大家电呢"], helpful: true },
  { days: 6, lines: ["积分什么时候过期"], helpful: true },
  { days: 5, lines: ["退货"], helpful: true },
  { days: 5, lines: ["空调装好了一直滴水，师傅电话打不通"], customer: ["C-1902", "郑先生"], by: "xiaolin", intent: "installation_booking", reply: "郑先生您好，已经重新派了师傅，今天下午三点前联系您。", close: "solved", rate: 4 },
  { days: 4, lines: ["Where is my parcel?"], helpful: true },
  { days: 4, lines: ["优惠券用不了"], helpful: false, rate: 2 },
  { days: 3, lines: ["包裹显示签收了但我没收到"], customer: ["C-2466", "冯女士"], by: "laochen", reply: "冯女士您好，已经联系快递员核实，两小时内给您答复。", close: "solved", rate: 5 },
  { days: 3, lines: ["电热水壶第一次用要煮开倒掉吗"], helpful: true },
  { days: 2, lines: ["How do I return an item?"], helpful: true, rate: 5 },
  { days: 2, lines: ["请问能开增值税专用发票吗"], helpful: true },
  { days: 1, lines: ["退款怎么还没到"], helpful: true },
  { days: 1, lines: ["Your courier threw the box over my fence and the lid is broken"], customer: ["C-3117", "James Wilson"], by: "emma", intent: "item_damaged", reply: "I am sorry, James. A new lid leaves our warehouse today.", close: "replaced", rate: 4 },
  { days: 0, lines: ["怎么退货", "运费我出吗"], helpful: true },
  { days: 0, lines: ["吹风机冒烟了，差点烧到手，你们必须给个说法！"], customer: ["C-2301", "孙女士"], context: { order: "2026111900482731", product: "NL-HD08" } },
  { days: 0, lines: ["转人工"], customer: ["C-2514", "何先生"], context: { product: "NL-RC40" } },
  { days: 0, lines: ["I ordered a down jacket in L but got an M, I need it on Friday, please help"], customer: ["C-3204", "Sophie Martin"], context: { order: "NL20261118-88231" } },
  { days: 0, lines: ["扫地机器人跟我家猫打架了怎么办"], customer: ["C-2555", "林小姐"] },
  { days: 0, lines: ["订单2026112000193345的退款少了20块，是扣了运费吗？"], customer: ["C-1688", "王女士"], context: { order: "2026112000193345" }, by: "xiaolin", intent: "return_freight", note: "仓库已确认是质量问题，运费不应该扣。", reply: "王女士您好，我是小林，正在帮您核对退款明细，请稍等。" },
  { days: 0, lines: ["要是今天不解决我就打12315"], customer: ["C-2620", "赵先生"] },
];
