/* Runs the shared vectors through the firmware's core, in both directions.
 *
 *     vectors FILE...
 *
 * Prints how many of each kind held, and each that did not; exit status 1 then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chaskey.h"
#include "core/crc32.h"
#include "core/messages.h"
#include "core/receiver.h"
#include "core/samples.h"
#include "core/seal.h"

enum { LINE_BYTES = 4096, RAW_BYTES = 2048, KEYS = 8 };

typedef struct {
    char name[32];
    uint8_t bytes[CHASKEY_KEY_BYTES];
} named_key_t;

static named_key_t keys[KEYS];
static int key_count;
static int failures;

static void fail(const char *name, const char *what)
{
    printf("%s: %s\n", name, what);
    failures++;
}

static size_t read_hex(const char *hex, uint8_t *bytes)
{
    size_t size = 0;
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        bytes[size++] = (uint8_t)byte;
    return size;
}

static void write_hex(const uint8_t *bytes, size_t size, char *hex)
{
    for (size_t at = 0; at < size; at++)
        sprintf(hex + 2 * at, "%02x", bytes[at]);
}

/* ---- fields: KEY=VALUE, in the file's order ---- */

static const char *text_field(const char *fields, const char *key, char *value)
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, "%s=", key);
    const char *at = fields;
    while ((at = strstr(at, pattern)) && at != fields && at[-1] != ' ')
        at++;
    if (!at || sscanf(at + strlen(pattern), "%2047s", value) != 1) {
        fail(key, "no such field in the vector");
        exit(1);
    }
    return value;
}

static long long field(const char *fields, const char *key)
{
    char value[RAW_BYTES];
    return atoll(text_field(fields, key, value));
}

static size_t list_field(const char *fields, const char *key, int16_t *numbers)
{
    char value[RAW_BYTES];
    size_t count = 0;
    text_field(fields, key, value);
    for (char *word = strtok(value, ","); word; word = strtok(NULL, ","))
        numbers[count++] = (int16_t)atoi(word);
    return count;
}

static int add(char *text, const char *key, long long number)
{
    return sprintf(text + strlen(text), " %s=%lld", key, number);
}

/* ---- decoding: bytes to the vector's own words ---- */

static void status_text(const status_t *status, char *text)
{
    add(text, "counter", status->counter);
    add(text, "boot", status->boot);
    add(text, "battery_mv", status->battery_mv);
    add(text, "electrodes", status->electrodes);
    add(text, "state", status->state);
    add(text, "saturated", status->saturated);
    add(text, "overruns", status->overruns);
    add(text, "uptime_s", status->uptime_s);
}

static void hello_text(const hello_t *hello, char *text)
{
    add(text, "minor", hello->minor);
    add(text, "boot", hello->boot);
    add(text, "flags", hello->flags);
    add(text, "fs_mhz", hello->fs_mhz);
    add(text, "adc_bits", hello->adc_bits);
    add(text, "scale", hello->scale);
    add(text, "baseline", hello->baseline);
    add(text, "highpass_mhz", hello->highpass_mhz);
    add(text, "lowpass_mhz", hello->lowpass_mhz);
    add(text, "range_uv", hello->range_uv);
    add(text, "lead_count", hello->lead_count);
    for (int lead = 0; lead < hello->lead_count; lead++)
        sprintf(text + strlen(text), "%s%d", lead ? "," : " leads=", hello->leads[lead]);
    sprintf(text + strlen(text), " device_id=%s", hello->device_id);
    sprintf(text + strlen(text), " firmware=%s", hello->firmware[0] ? hello->firmware : "-");
}

static bool samples_text(const uint8_t *packet, char *text)
{
    uint8_t samples = samples_in_body(packet_body_bytes_of(packet), packet_type_of(packet));
    uint8_t lead_count = packet_type_of(packet) & 0x07;
    if (!samples_are_valid(packet))
        return false;
    add(text, "counter", read_u16(packet + PACKET_HEADER_BYTES));
    for (int index = 0; index < samples * lead_count; index++)
        sprintf(text + strlen(text), "%s%d", index ? "," : " counts=",
                samples_count_at(packet, (uint8_t)index));
    return true;
}

static bool packet_text(const uint8_t *packet, char *text)
{
    union {
        status_t status;
        hello_t hello;
        command_t command;
        reply_t reply;
    } all;
    sprintf(text, "version_type=%d length=%d sequence=%d", packet[1], packet[2], packet[3]);
    switch (packet_type_of(packet)) {
    case PACKET_STATUS:
        if (!decode_status(packet, &all.status))
            return false;
        status_text(&all.status, text);
        return true;
    case PACKET_HELLO:
        if (!decode_hello(packet, &all.hello))
            return false;
        hello_text(&all.hello, text);
        return true;
    case PACKET_COMMAND:
        if (!decode_command(packet, &all.command))
            return false;
        add(text, "code", all.command.code);
        add(text, "argument", all.command.argument);
        return true;
    case PACKET_REPLY:
        if (!decode_reply(packet, &all.reply))
            return false;
        add(text, "command_sequence", all.reply.command_sequence);
        add(text, "code", all.reply.code);
        add(text, "answer", all.reply.answer);
        add(text, "value", all.reply.value);
        return true;
    default:
        return packet_type_of(packet) & PACKET_SAMPLES && samples_text(packet, text);
    }
}

/* ---- encoding: the vector's words to bytes ---- */

static uint8_t encode_hello_fields(const char *fields, uint8_t *packet)
{
    int16_t leads[SAMPLES_MAX_LEADS];
    char text[RAW_BYTES];
    hello_t hello = {
        .minor = (uint8_t)field(fields, "minor"),
        .boot = (uint16_t)field(fields, "boot"),
        .flags = (uint8_t)field(fields, "flags"),
        .fs_mhz = (uint32_t)field(fields, "fs_mhz"),
        .adc_bits = (uint8_t)field(fields, "adc_bits"),
        .scale = (uint32_t)field(fields, "scale"),
        .baseline = (int16_t)field(fields, "baseline"),
        .highpass_mhz = (uint32_t)field(fields, "highpass_mhz"),
        .lowpass_mhz = (uint32_t)field(fields, "lowpass_mhz"),
        .range_uv = (uint32_t)field(fields, "range_uv"),
        .lead_count = (uint8_t)list_field(fields, "leads", leads),
    };
    for (int lead = 0; lead < hello.lead_count; lead++)
        hello.leads[lead] = (uint8_t)leads[lead];
    strcpy(hello.device_id, text_field(fields, "device_id", text));
    strcpy(hello.firmware, strcmp(text_field(fields, "firmware", text), "-") ? text : "");
    return encode_hello(packet, (uint8_t)field(fields, "sequence"), &hello);
}

static uint8_t encode_status_fields(const char *fields, uint8_t *packet)
{
    status_t status = {
        .counter = (uint32_t)field(fields, "counter"),
        .boot = (uint16_t)field(fields, "boot"),
        .battery_mv = (uint16_t)field(fields, "battery_mv"),
        .electrodes = (uint8_t)field(fields, "electrodes"),
        .state = (uint8_t)field(fields, "state"),
        .saturated = (uint16_t)field(fields, "saturated"),
        .overruns = (uint16_t)field(fields, "overruns"),
        .uptime_s = (uint32_t)field(fields, "uptime_s"),
    };
    return encode_status(packet, (uint8_t)field(fields, "sequence"), &status);
}

static uint8_t encode_samples_fields(const char *fields, uint8_t type, uint8_t *packet)
{
    int16_t counts[RAW_BYTES];
    sample_packer_t packer;
    size_t count = list_field(fields, "counts", counts);
    bool test_signal = type & SAMPLES_TEST_SIGNAL;
    uint8_t own_type = samples_type(type & 0x07, type & SAMPLES_WIDE ? 16 : 12, test_signal);
    sample_packer_begin(&packer, packet, own_type, (uint16_t)field(fields, "counter"));
    for (size_t index = 0; index < count; index++)
        sample_packer_put(&packer, counts[index]);
    return sample_packer_seal(&packer, (uint8_t)field(fields, "sequence"));
}

static uint8_t encode_fields(const char *fields, uint8_t *packet)
{
    uint8_t type = field(fields, "version_type") & 0x3F;
    command_t command;
    reply_t reply;
    switch (type) {
    case PACKET_HELLO:
        return encode_hello_fields(fields, packet);
    case PACKET_STATUS:
        return encode_status_fields(fields, packet);
    case PACKET_COMMAND:
        command.sequence = (uint8_t)field(fields, "sequence");
        command.code = (uint8_t)field(fields, "code");
        command.argument = (uint32_t)field(fields, "argument");
        return encode_command(packet, &command);
    case PACKET_REPLY:
        reply.command_sequence = (uint8_t)field(fields, "command_sequence");
        reply.code = (uint8_t)field(fields, "code");
        reply.answer = (uint8_t)field(fields, "answer");
        reply.value = (uint32_t)field(fields, "value");
        return encode_reply(packet, (uint8_t)field(fields, "sequence"), &reply);
    default:
        return encode_samples_fields(fields, type, packet);
    }
}

/* ---- one line each ---- */

static void run_crc(const char *name, const char *hex, const char *rest)
{
    uint8_t bytes[RAW_BYTES];
    size_t size = read_hex(hex, bytes);
    if (crc32_of(bytes, (uint8_t)size) != strtoul(rest, NULL, 16))
        fail(name, "another CRC");
}

static void run_packet(const char *name, const char *hex, const char *fields)
{
    uint8_t bytes[RAW_BYTES];
    uint8_t encoded[PACKET_MAX_BYTES];
    char text[LINE_BYTES];
    size_t size = read_hex(hex, bytes);
    if (!packet_crc_holds(bytes, (uint8_t)size) || !packet_text(bytes, text))
        fail(name, "not decoded");
    else if (strcmp(text, fields))
        fail(name, text);
    if (encode_fields(fields, encoded) != size || memcmp(bytes, encoded, size))
        fail(name, "encoded differently");
}

static bool is_usable(const uint8_t *packet)
{
    char text[LINE_BYTES];
    return packet_version_of(packet) == PACKET_VERSION && packet_text(packet, text);
}

static void run_stream(const char *name, const char *hex, const char *fields)
{
    uint8_t bytes[RAW_BYTES];
    uint8_t held[PACKET_MAX_BYTES];
    receiver_t receiver = {held, 0, receiver_any_packet};
    size_t size = read_hex(hex, bytes);
    long long packets = 0, accepted = 0, refused = 0;
    for (size_t at = 0; at <= size; at++) {
        uint8_t found;
        if (at < size)
            receiver_put(&receiver, bytes[at]);
        while ((found = receiver_find(&receiver, at == size)) > 0) {
            bool usable = is_usable(held);
            packets += usable;
            accepted += usable ? found : 0;
            refused += !usable;
            receiver_drop(&receiver, found);
        }
    }
    if (packets != field(fields, "packets") || accepted != field(fields, "accepted") ||
        refused != field(fields, "refused") || (long long)size - accepted != field(fields, "discarded"))
        fail(name, "another account");
    if (receiver.held_bytes)
        fail(name, "bytes held back at the end");
}

static const uint8_t *key_named(const char *fields)
{
    char name[RAW_BYTES];
    text_field(fields, "key", name);
    for (int index = 0; index < key_count; index++)
        if (!strcmp(keys[index].name, name))
            return keys[index].bytes;
    fail(name, "no such key");
    exit(1);
}

static void run_key(const char *name, const char *hex, const char *rest)
{
    (void)rest;
    snprintf(keys[key_count].name, sizeof keys[0].name, "%s", name);
    if (read_hex(hex, keys[key_count++].bytes) != CHASKEY_KEY_BYTES)
        fail(name, "not sixteen bytes");
}

static void run_mac(const char *name, const char *hex, const char *fields)
{
    uint8_t bytes[RAW_BYTES], code[16];
    uint32_t words[4];
    char text[64], expected[RAW_BYTES];
    chaskey_t mac;
    size_t size = read_hex(hex, bytes);
    chaskey_begin(&mac, key_named(fields));
    chaskey_add(&mac, bytes, (uint8_t)size);
    chaskey_end(&mac, words);
    for (int index = 0; index < 4; index++)
        put_u32(code + 4 * index, words[index]);
    write_hex(code, sizeof code, text);
    if (strcmp(text, text_field(fields, "tag", expected)))
        fail(name, text);
}

static void run_seal(const char *name, const char *hex, const char *rest)
{
    uint8_t plain[RAW_BYTES], sealed[RAW_BYTES], expected[RAW_BYTES];
    char tag[RAW_BYTES];
    size_t size = read_hex(hex, plain);
    const char *fields = strchr(rest, ' ') + 1;
    uint16_t boot = (uint16_t)field(fields, "boot"), high = (uint16_t)field(fields, "high");
    const uint8_t *key = key_named(fields);
    if (read_hex(rest, expected) != size)
        fail(name, "sealed to another length");
    memcpy(sealed, plain, size);
    seal_packet_with(key, sealed, (uint8_t)size, boot, high);
    if (memcmp(sealed, expected, size))
        fail(name, "sealed differently");
    if (seal_tag(key, plain, (uint8_t)size, boot, high) !=
        strtoul(text_field(fields, "tag", tag), NULL, 16))
        fail(name, "another tag");
    seal_packet_with(key, sealed, (uint8_t)size, boot, high);
    if (memcmp(sealed, plain, size) || !packet_crc_holds(sealed, (uint8_t)size))
        fail(name, "the seal does not come off");
}

static const struct {
    const char *kind;
    void (*run)(const char *name, const char *hex, const char *rest);
} KINDS[] = {{"crc", run_crc}, {"packet", run_packet}, {"stream", run_stream},
             {"key", run_key}, {"mac", run_mac},       {"seal", run_seal}};

enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static int held_of[KIND_COUNT];

static void run_line(char *line, bool with_streams)
{
    char *kind = strtok(line, " "), *name = strtok(NULL, " "), *hex = strtok(NULL, " ");
    char *rest = strtok(NULL, "\n");
    for (int index = 0; index < KIND_COUNT; index++) {
        if (strcmp(kind, KINDS[index].kind) || (!with_streams && !strcmp(kind, "stream")))
            continue;
        int before = failures;
        KINDS[index].run(name, hex, rest ? rest : "");
        held_of[index] += failures == before;
    }
}

/* A device receives no sealed packet: the streams of that file are the gateway's. */
static void run_file(const char *path)
{
    static char line[LINE_BYTES];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#')
            run_line(line, !strstr(path, "sealed"));
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    for (int index = 1; index < argc; index++)
        run_file(argv[index]);
    for (int index = 0; index < KIND_COUNT; index++)
        printf("%s=%d\n", KINDS[index].kind, held_of[index]);
    return failures ? 1 : 0;
}
