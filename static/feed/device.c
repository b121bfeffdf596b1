/* A device in C, with the mosquitto library: nothing is forgotten before the portal has said that it is stored.
 *
 *   cc -o device device.c -lmosquitto
 *   ./device HOST PORT DEVICE [PASSWORD]      (the device code is also the user name)
 */
#include <mosquitto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT = 256, LONGEST = 1024 };

struct message { bool is_kept; bool is_state; char kind[16]; char payload[LONGEST]; };

static struct message kept[KEPT]; /* by number; a real device keeps these on flash */
static int seq;
static char boot[33];
static const char *device;
static bool is_connected;

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void publish(struct mosquitto *client, int number)
{
    char topic[128];
    const struct message *one = &kept[number % KEPT];
    snprintf(topic, sizeof topic, "evc/%s/%s", device, one->kind);
    mosquitto_publish_v5(client, NULL, topic, (int)strlen(one->payload), one->payload, 1, one->is_state, NULL);
}

/* Numbers a message, keeps it, sends it. `fields` is JSON without the braces. */
static void say(struct mosquitto *client, const char *kind, const char *fields)
{
    struct message *one = &kept[seq % KEPT];
    one->is_kept = true;
    one->is_state = strcmp(kind, "state") == 0;
    snprintf(one->kind, sizeof one->kind, "%s", kind);
    snprintf(one->payload, sizeof one->payload, "{\"ts\":%lld,\"boot\":\"%s\",\"seq\":%d,%s}", now_ms(), boot, seq, fields);
    publish(client, seq);
    seq++;
}

static int count_kept(void)
{
    int found = 0;
    for (int number = 0; number < seq; number++)
        found += kept[number % KEPT].is_kept;
    return found;
}

static void on_connect(struct mosquitto *client, void *data, int reason, int flags, const mosquitto_property *properties)
{
    char topic[128];
    (void)data; (void)flags; (void)properties;
    if (reason != 0) {
        fprintf(stderr, "refused: %s\n", mosquitto_reason_string(reason));
        exit(1);
    }
    snprintf(topic, sizeof topic, "evc/%s/ack", device);
    mosquitto_subscribe_v5(client, NULL, topic, 1, 0, NULL);
    if (seq == 0)
        say(client, "state", "\"online\":true,\"firmware\":\"1.0\",\"faults\":[]");
    else /* the same boot, connected again: what is not stored yet goes out again under its old numbers */
        for (int number = 0; number < seq; number++)
            if (kept[number % KEPT].is_kept)
                publish(client, number);
    is_connected = true;
}

/* The receipt: what is stored may be forgotten, what is missing is sent again. A real device uses a JSON library here. */
static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message, const mosquitto_property *properties)
{
    char text[LONGEST] = "", wanted[64];
    bool is_missing[KEPT] = {false};
    const char *place;
    int upto, first, last;
    (void)data; (void)properties;
    if (message->payloadlen >= LONGEST)
        return;
    memcpy(text, message->payload, (size_t)message->payloadlen);
    snprintf(wanted, sizeof wanted, "\"boot\":\"%s\"", boot);
    place = strstr(text, "\"upto\":");
    if (strstr(text, wanted) == NULL || place == NULL || sscanf(place, "\"upto\":%d", &upto) != 1)
        return; /* it is about an earlier boot */
    place = strstr(text, "\"missing\":[");
    for (place = place ? place + strlen("\"missing\":[") : ""; sscanf(place, "%*[, ][%d,%d]", &first, &last) == 2
         || sscanf(place, "[%d,%d]", &first, &last) == 2; place = strchr(place, ']') + 1)
        for (int number = first; number <= last; number++)
            is_missing[number % KEPT] = true;
    for (int number = 0; number < seq; number++) {
        if (is_missing[number % KEPT])
            publish(client, number);
        else if (number <= upto)
            kept[number % KEPT].is_kept = false;
    }
}

int main(int argc, char **argv)
{
    char topic[128];
    struct mosquitto *client;
    time_t until;
    if (argc < 4) {
        fprintf(stderr, "usage: %s HOST PORT DEVICE [PASSWORD]\n", argv[0]);
        return 2;
    }
    device = argv[3];
    snprintf(boot, sizeof boot, "%llx", now_ms());
    mosquitto_lib_init();
    client = mosquitto_new(device, true, NULL);
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (argc > 4)
        mosquitto_username_pw_set(client, device, argv[4]);
    snprintf(topic, sizeof topic, "evc/%s/state", device);
    mosquitto_will_set(client, topic, (int)strlen("{\"online\":false}"), "{\"online\":false}", 1, true);
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_message_v5_callback_set(client, on_message);
    if (mosquitto_connect(client, argv[1], atoi(argv[2]), 30) != MOSQ_ERR_SUCCESS) {
        fprintf(stderr, "no connection to %s\n", argv[1]);
        return 1;
    }
    for (until = time(NULL) + 10; !is_connected && time(NULL) < until;)
        mosquitto_loop(client, 100, 1);
    say(client, "telemetry", "\"metrics\":{\"oil_temp\":61.2,\"sys_pressure\":14.5,\"mode\":\"auto\"}");
    say(client, "fault", "\"code\":\"E04\",\"active\":true,\"value\":76.1,\"text\":\"oil temperature high\"");
    say(client, "fault", "\"code\":\"E04\",\"active\":false");
    for (until = time(NULL) + 10; count_kept() > 0 && time(NULL) < until;)
        mosquitto_loop(client, 100, 1);
    puts(count_kept() == 0 ? "stored" : "not receipted");
    mosquitto_disconnect(client);
    mosquitto_destroy(client);
    mosquitto_lib_cleanup();
    return 0;
}
