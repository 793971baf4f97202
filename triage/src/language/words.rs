//! Words that are frequent in one language of Latin script and absent from the others, or nearly so. They tell English
//! from what only looks like it. Another language is another row.

/// The commonest words of English, without those that the rows below have too.
pub(super) const ENGLISH: &[&str] = &[
    "a", "an", "and", "any", "are", "at", "back", "be", "been", "but", "can", "could", "did", "do", "does",
    "for", "from", "get", "got", "has", "have", "hello", "hi", "how", "i", "i'm", "if", "in", "is", "it",
    "it's", "just", "me", "my", "need", "not", "of", "ok", "on", "one", "or", "order", "our", "please", "so",
    "thank", "thanks", "that", "the", "there", "they", "this", "to", "want", "was", "we", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// The commonest words of other languages, without those that English has too.
pub(super) const OTHERS: &[&[&str]] = &[
    // French
    &[
        "bonjour",
        "merci",
        "je",
        "est",
        "sont",
        "vous",
        "nous",
        "les",
        "des",
        "une",
        "mon",
        "ma",
        "pas",
        "ne",
        "pour",
        "avec",
        "dans",
        "qui",
        "quand",
        "commande",
        "colis",
        "livraison",
        "votre",
        "suis",
        "ai",
        "et",
        "ce",
        "avez",
        "livrez",
    ],
    // Spanish and Portuguese
    &[
        "hola", "gracias", "por", "favor", "el", "los", "las", "una", "mi", "que", "es", "donde", "cuando",
        "pedido", "para", "con", "pero", "esta", "muy", "puedo", "quiero", "devolver", "olá", "obrigado",
        "obrigada", "meu", "minha", "onde", "não", "uma", "quando", "você", "está", "como", "mais", "chegou",
        "llega", "llegado",
    ],
    // German and Dutch
    &[
        "hallo",
        "danke",
        "bitte",
        "ich",
        "ist",
        "und",
        "nicht",
        "mein",
        "meine",
        "wann",
        "wo",
        "das",
        "der",
        "ein",
        "eine",
        "mit",
        "für",
        "bestellung",
        "paket",
        "wie",
        "kann",
        "habe",
        "het",
        "een",
        "niet",
        "mijn",
        "waar",
        "wanneer",
        "ik",
        "van",
        "voor",
        "bestelling",
        "pakket",
    ],
    // Italian
    &[
        "ciao", "grazie", "il", "mio", "ordine", "non", "sono", "dove", "quando", "per", "pacco", "vorrei",
        "della", "che", "ho", "questo",
    ],
    // Malay and Indonesian
    &[
        "saya", "bila", "barang", "sampai", "tidak", "tak", "dan", "boleh", "kenapa", "pesanan", "paket",
        "anda", "apa", "sudah", "belum", "dengan", "yang", "ini", "itu", "terima", "kasih", "tolong", "mana",
        "berapa", "bisa", "nak", "dah", "saiz", "kapan",
    ],
    // Filipino
    &["ang", "ng", "po", "ko", "kailan", "hindi", "salamat", "nasaan", "yung", "ba", "wala", "pa", "namin"],
    // Vietnamese, as it is typed without marks
    &["toi", "khong", "duoc", "cua", "hang", "giao", "bao", "gio", "cam", "nhan", "chua"],
    // Turkish
    &["merhaba", "bir", "ve", "nerede", "siparişim", "kargo", "değil", "için", "ne", "zaman", "teşekkürler"],
    // Polish
    &[
        "gdzie",
        "jest",
        "moje",
        "nie",
        "proszę",
        "kiedy",
        "dzień",
        "dobry",
        "paczka",
        "zamówienie",
        "dziękuję",
    ],
];
