/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_KEYFILE_DATA_H
#define TESTS_UNIT_KEYFILE_DATA_H

/* Key files and public areas that other programs made, with the Names that a TPM gave them. */

/* The ECC storage primary of profile H-2. */
static const char h2_public_hex[] =
    "005a0023000b000304720000000600800043001000030010002091687a8bf85e303fb3f4dbb21b2eb3571c19"
    "fa165128527c27a8f1c2bf31c0c900208dd8bc76454b3d6fc9ff3f8dc07ceed75a403ecc0903cf9552d8fdf6"
    "08ab5542";
static const char h2_name_hex[] =
    "000b35e8d959746b0198fda4d2c32d53ae51f15f8c14f70fecdc3c5ece303c8c4dcd";

/* The RSA storage primary. */
static const char h1_public_hex[] =
    "011a0001000b00030472000000060080004300100800000000000100d0a2f2e594ff5073c9740f5c932d9547"
    "353baf7572a17d629ac4104650950689b725bcb779389cf9308d89487d99473d86b8f5a82381d6261891c883"
    "d0386aa1ceb5299fc7a04ce09bdea60fa25a5d4fb3cb1442a8f84c1cf0d98f23dbe7fa74b94f23a91d76c5b6"
    "c272d5a63ff24428c7b039736cee0f337844672ed44e21a409b053d29e57f9f2d52fba0bd505557d5e403266"
    "cad6fdbec88628e3ef64e407656ba114ca80827c6c431f4464eabe6d9daadccbe605fd87b5c14b16c58961d2"
    "7040fbd2bbf8eda05a7712d0a665db292f11954c9f8962f7b478796bd5645465dc87ade26798b8ef914079f3"
    "32824e03dc9b5b3b6c21b7b35a7a8c75102f74a7";
static const char h1_name_hex[] =
    "000bb9945b3949b3fb034ebb607aab24665efcec79cbd638075a37f2b2c5b4f946b5";

/* RSASSA with SHA-256. */
static const char rsa_public_hex[] =
    "01180001000b00040472000000100014000b0800000000000100a30a98170f6e8588cec94224608d18eefb9a"
    "eacfe2868794b5e2ca489787fc941bd7300995716f74f4adc43b12f354d5f8c4873434b12cb599c70b9956c0"
    "2baec382ef60e79b8fd6a4852defb09ebc3e0771d41bd9240fbafb5a4574abb344ae6ea2d20efa3e0c4f35e1"
    "9c13333624c4f5996e9a0f0082a82787dc91d0e86cc0e2f53ffc11f41f826317accad453ffe4cfbc13ae9cdf"
    "92261b5496b40e98635f88f5c7497a702ff8abf39310acf9cada0e9168a1d909b571e21ae4861e85d784e7a7"
    "59513510edc571e932e95b63586a886bd1f262f628ad8bc8a8f79e0a2233ffb37f925cc53cf713ac8156018d"
    "f5101e1d04223bdeaa49ca42571e5f60406d";
static const char rsa_name_hex[] =
    "000b454a21f440f20f11b50d4ab096639252952e1c1c7778bbcb7fed40814eeac866";

/* RSAPSS with SHA-384, nameAlg SHA-384. */
static const char pss_public_hex[] =
    "01180001000c00040472000000100016000c0800000000000100c961d6adc0ec4f6f3c1f5284c78b6fc12eda"
    "a68bb17e1bb0fc03dc040eabdfc2367aab180f0216e156c6aa806af9b022ad3e7ef9f598d34860e2aafd7baa"
    "b2bb81e877b4239986e0a57ce6692bae41a768b61be526740300ce6eec71aac6cc72766302da55754f2b2e7f"
    "8e70de9151764c35e3248f8145e5ea14f182e12772bd883c4fb548e6a0dbdf995a1044a979463f1c0b554f79"
    "84c6eb4bf09769873b5285f495d98411828bd2d35bae28fd9e620db681c19e5f9199c84405ca12b3439df3fe"
    "b4a0afcddda8d892f152b9373c494f156af5dce35da155f24060eb1f960565098fcab9de3b942a8f235e44ce"
    "71a9f75d522243e856c4f950f556332fa0bb";
static const char pss_name_hex[] =
    "000c4f85290d6744c735e664d0a72a05f37f05a99f8769623481745e8f5a025f6712872a45d7ffcaf2f5ef01"
    "a96f4df69e53";

/* Without a scheme, nameAlg SHA-512. */
static const char plain_public_hex[] =
    "01160001000d000404720000001000100800000000000100e21afdd11216b594b75a7d3c4cd840a70705a898"
    "22fc570613ff3243b6b459c7403f1acea82edf2aafb77cbcff7b5563fba3acc9ad03de6b76793de19ba7cf0d"
    "c3fe32eef4f4929e237adc20548de92aa7905908caf3613c8c2eb1ec7658ebf3c770908285d5789a360a9232"
    "2f3d9168c5a3e3b9aa49b8311587494bd058ea393377b41ac74c52fabdcede5b65eaa8bb22d18e88ce76b2b6"
    "f7944a48c579b2415f4f30261a6106ac4d6eff093324f5817304c72e27ea2c6ecf2dc9a14732f8bed40da283"
    "178ec29264ae5b1f8effc5348e42678be946dbaaa291b5bf5a263eff80b4270e3effb550f77a27dc16d964bd"
    "c248fefd9aab3cf4ec0ef598367a4155";
static const char plain_name_hex[] =
    "000ddc1e4cfd867ce72ab4903f756bf1e17a83a34de97c59d82c609c07dfced870ce715256ad704db8ad3fb4"
    "f2e5c97e4cbad2adf724b4a03bda89647f32dd056db2";

/* RSA 1024 with OAEP. */
static const char oaep_public_hex[] =
    "00980001000b00020472000000100017000b0400000000000080b0d062ad1249ffe0f175d745f943c751f5ab"
    "681f1f3a7ac17a09382f6c9ef42ced23a62f9e409c5812b7466368fb10474372953868f5dca81a912988535c"
    "86e7ea989c8759455c902d4b3cf0467b0e302f3cfebe6cc3e093f8025c1f261c91b96bb5667a975fa2e4a4e9"
    "f064e69b138b1ccf31adb5ea2a41e98d5a1ab6b602cb";
static const char oaep_name_hex[] =
    "000b240f5377ea30d77df64be182bc527a2cb6116020fac03b688f14e5e5411dd66f";

/* ECDSA on P-256. */
static const char ecc_public_hex[] =
    "00580023000b00040472000000100018000b0003001000206ce07ef17c8873c56f5c1d2a15edc9d2c231948f"
    "34a88087360e256476bacaa40020ff2504e7055035990dbc068e4007abe0f75bd49d9d109ca9a25934296ac7"
    "63ce";
static const char ecc_name_hex[] =
    "000b1a8bde04fe700066064bd19163f8cc8367787834f8227eb54949b95bd33393f5";

/* P-384, nameAlg SHA-384. */
static const char ecc384_public_hex[] =
    "00760023000c0004047200000010001000040010003067782d60ba0840241557135f7a70a7d4286939828840"
    "ce52228fa1ffdb759d16946459ec16f011d0ab2b07e05167ddd30030bce80cc3be43a0609c7857589a0ef828"
    "0f643d813447a17a2a03c01407b22ee479cc669ad7f1b885826d6eed789ca407";
static const char ecc384_name_hex[] =
    "000c950af0d390175383dbe4c5a5725b65391bbb988310ca6b055f1a1e2afc0f009cd9b0d98bf9f61bfe99ef"
    "3aa179a2207a";

/* Restricted, with an authPolicy. */
static const char restricted_public_hex[] =
    "00780023000b0005043200208fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e"
    "00100018000b00030010002075a33fa526e0860b3926ca7962fc8cf851196c26033476ebe77891856b7e51ec"
    "0020b44f9c33a508111344f6a9ce1d72e4eee1f6a41bae34e2dd5086b217b4b4767f";
static const char restricted_name_hex[] =
    "000b54503bf8c35a0b18758a872274861113248469199f24f3fd99c347f25b8d9c5a";

/* ECDAA with count 4. */
static const char ecdaa_public_hex[] =
    "005a0023000b0004047200000010001a000b0004000300100020fb8757a9fc19b6abf6d9459c7365c389aec3"
    "427cd21df7bd1dc3817bda1adf3b0020812ee1858b96e50087e0dbfd1298daa6b4c20954c40eaee20a359e63"
    "faaad11c";
static const char ecdaa_name_hex[] =
    "000b5264f7e655196d862f189a1b28301c6821625ef178b478b3573b6e8a24657364";

/* HMAC with SHA-256. */
static const char hmac_public_hex[] =
    "00300008000b0004007200000005000b0020f7df0c7b9bd7939ab9d7282b5578a8fca76812cdb2e4823584bb"
    "6c99bae6d2b2";
static const char hmac_name_hex[] =
    "000b31eed73b829b3232b079ea15f96cb1051518042c98b35b0005e6bf3e90db3add";

/* XOR obfuscation. */
static const char xor_public_hex[] =
    "00320008000b000204720000000a000b00220020babeddd9e017d4be067831d3c3145c6fe5fe154c4e71285c"
    "4096595917b7e792";
static const char xor_name_hex[] =
    "000bfe13a307cba123c363adfec4de28b14155d51e59f276938482f302d22eb2d9de";

/* AES-128-CFB. */
static const char aes_public_hex[] =
    "00320025000b00060072000000060080004300200a09b6f7fb4b9fdf85d60fb23bc27c14f6bb79906468e6a2"
    "cf16ec01c873d920";
static const char aes_name_hex[] =
    "000b8482b68e7692bf8f3b080a5145bf531fdceae25094288158c591d599784f4e68";

/* Sealed data. */
static const char seal_public_hex[] =
    "002e0008000b00000052000000100020897a41e70e3ba6e7230c5a7fb7a28087505c121d9cb0bee001a5e7dc"
    "e56753ef";
static const char seal_name_hex[] =
    "000b74edfba008c2301a4cbe897b8db17e941d1e7e7cb99a9265fcee28f25b251f5a";

/* tpm2_create and tpm2_encodeobject of tpm2-tools 5.4: the emptyAuth flag is inverted. */
static const char tools_pem[] = "-----BEGIN TSS2 PRIVATE KEY-----\n"
                                "MIICFAYGZ4EFCgEDoAMBAQACBEAAAAEEggEaARgAAQALAAQEcgAAABAAFAALCAAA\n"
                                "AAAAAQCjCpgXD26FiM7JQiRgjRju+5rqz+KGh5S14spIl4f8lBvXMAmVcW909K3E\n"
                                "OxLzVNX4xIc0NLEstZnHC5lWwCuuw4LvYOebj9akhS3vsJ68Pgdx1BvZJA+6+1pF\n"
                                "dKuzRK5uotIO+j4MTzXhnBMzNiTE9Zlumg8Agqgnh9yR0OhswOL1P/wR9B+CYxes\n"
                                "ytRT/+TPvBOunN+SJhtUlrQOmGNfiPXHSXpwL/ir85MQrPnK2g6RaKHZCbVx4hrk\n"
                                "hh6F14Tnp1lRNRDtxXHpMulbY1hqiGvR8mL2KK2LyKj3ngoiM/+zf5JcxTz3E6yB\n"
                                "VgGN9RAeHQQiO96qScpCVx5fYEBtBIHgAN4AIGy4cRHBVNg/iLBeDKR2cadlBprc\n"
                                "B1l3Gui6QhcTc0UCABDBZ16M+ODwbtHbfDlskz45ZA1rRczJDGczKaEBUTbW+iMO\n"
                                "s0YZpwgzA38bcBJ0uKaCQj2XWJfAv/7bE01/OTJYKzW6ECFLD+BFeZJknTqh47Kk\n"
                                "70loRz4Ie0eDi0G5JSdbmi9ANyH6Qj1Sjx88yCMIOAk6n85roTyEbhn51VXhUiQD\n"
                                "6jf6S6QB9b9P/z8ACtipRu2UGN4jj6nAWIEmipaPZhNQwVGuXA0cHBkJmTQn/yfy\n"
                                "Lni331y2wE8=\n"
                                "-----END TSS2 PRIVATE KEY-----\n";

/* openssl genpkey -provider tpm2 with a password: emptyAuth FALSE is written out. */
static const char provider_pem[] =
    "-----BEGIN TSS2 PRIVATE KEY-----\n"
    "MIHwBgZngQUKAQOgAwEBAAIEQAAAAQRYAFYAIwALAAYAcgAAABAAEAADABAAICdY\n"
    "KpFN2k1XnA9OxcsW3l9H3nyOmrlraebvb+/0JmkUACDvjri6I38fmC5GBuEyWEC7\n"
    "KALuQNDOgb3tGx86WIhrOASBgAB+ACBRUHj8ha/cASgM9YxjveJbQ4w2S73Pg07p\n"
    "LzbH2KF6sgAQMGoGZ5Ai8gZVaGSV2JqNSaB8bAKmyflUdMocyKyQDy0SamWxx7vj\n"
    "SV/Y46z2cdXNYRxjJNe5YvJmoV+ZCVZlV+/Sdgxjsm4Q8MyVHw6KWveORUQnTvb4\n"
    "A+YO\n"
    "-----END TSS2 PRIVATE KEY-----\n";

/* tpm2-pytss: emptyAuth TRUE is the byte 01. */
static const char pytss_pem[] = "-----BEGIN TSS2 PRIVATE KEY-----\n"
                                "MIICNQYGZ4EFCgEDoAMBAQECBEAAAAEEggEaARgAAQALAAQAQAAAABAAFAALCAAA\n"
                                "AQABAQDsJluTxgm5EWCq1o8hbLVuilIwtoOhDFjnYa51Ig2KydrcmNAyIKMFF/TB\n"
                                "XQb31wUJgeATJte+dFNP4OE1eW68cgcjYUFpYxgW9CeNHDMxWWFswXbwLOV86dTQ\n"
                                "kysHJ3cQL6vBAXgcJ2jnKLrvZIT+Yi/U8ajKg98nUVCjuFF4CwS+1bVDoUyJ+ngi\n"
                                "1kVQ8koaKAClahWEG0ZR3i08ZcKLnJMdU9pPNDQftdPUp4GqK0SAtP9YUSzny9RT\n"
                                "GK2jSYGbUcVKXfCnfffrzACJE582no9NI37yNt3LzOO2e7G5TYcSijMtlozBCm6Y\n"
                                "o1QpmIZ5lzNCbcrhYXu8IA0wVJI/BIIBAAD+ACDBg/cpGTl++OOHhFwz+nBvPvNm\n"
                                "qdSNg+gqEzF1Eu2gNgAQ1qv0VDvcnIwo0DlItYWKfL7i1QHVMjp85eVgOGC8Qc65\n"
                                "VollWVse/DhTZOXz8N6qJhvXbj9HuRK2wdxka4mVjbAbgqNQdJfWbpyJk0d52hJ7\n"
                                "d71zvOwild71OLe/lvBqQlV3Hrk6Zvaed4C/38K3yPmICFR6YOfsFeDIAirzT+wp\n"
                                "9WGF9fq9CNzlKZgXAMoYLA6ZthtHKWdUUUYyyK0+yCqeNb32E5jN3Mn3GVxX9tc5\n"
                                "m5OgWpXX8bLqlRLY38P5J3HZOStjYxNBj5I3PdkvD7DFdlb7ZrJZoUg=\n"
                                "-----END TSS2 PRIVATE KEY-----\n";

#endif
