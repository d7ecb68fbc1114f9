#define _GNU_SOURCE
#include "serial.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <simavr/avr_uart.h>

#include "machine.h"
#include "trace.h"

DEFINE_FIFO(uint16_t, uart_fifo);

enum { UCSR0A = 0xc0, U2X = 1, UBRR0L = 0xc4, UBRR0H = 0xc5, BITS_A_BYTE = 10 };
enum { QUEUE_BYTES = 1 << 16, RADIO_BYTES = 1024, HARDWARE_FIFO_BYTES = 2 };

static avr_uart_t *uart;
static uint64_t sent_count, lost_writes, overruns, unheard_count;

static uint8_t from_host[QUEUE_BYTES];
static size_t from_host_size, from_host_taken;
static int arriving;

static int terminal = -1;
static char terminal_name[64];
static uint8_t to_host[RADIO_BYTES];
static size_t to_host_size;

/* --- speed: simavr counts eleven bits a byte, and only when UBRR0L is written --- */

static void set_speed(void)
{
	uint32_t divisor = avr->data[UBRR0L] | (avr->data[UBRR0H] & 15) << 8;
	int clocks_a_bit = avr->data[UCSR0A] >> U2X & 1 ? 8 : 16;

	uart->cycles_per_byte = (divisor + 1) * (uint32_t)clocks_a_bit * BITS_A_BYTE;
}

static void ubrr0l_written(uint8_t value)
{
	machine_write_inner(UBRR0L, value);
	set_speed();
}

static void ubrr0h_written(uint8_t value)
{
	machine_write_inner(UBRR0H, value);
	set_speed();
}

static void ucsr0a_written(uint8_t value)
{
	machine_write_inner(UCSR0A, value);
	set_speed();
}

/* --- device to host --- */

static void on_sent(struct avr_irq_t *irq, uint32_t value, void *param)
{
	/* simavr sends whatever is written; the hardware drops it while UDRE is not set. */
	int lost = uart->tx_cnt > 0;

	(void)irq;
	(void)param;
	sent_count++;
	lost_writes += (uint64_t)lost;
	trace_add(TRACE_SENT, lost, avr->cycle, (int32_t)(value & 0xff));
	if (terminal < 0)
		return;
	if (to_host_size < sizeof to_host)
		to_host[to_host_size++] = (uint8_t)value;
	else
		unheard_count++;
}

uint64_t serial_sent_count(void)
{
	return sent_count;
}

/* --- host to device --- */

static avr_cycle_count_t byte_arrives(struct avr_t *unused, avr_cycle_count_t when, void *param)
{
	(void)unused;
	(void)param;
	if (from_host_taken == from_host_size) {
		from_host_taken = from_host_size = 0;
		arriving = 0;
		return 0;
	}
	/* The byte before this one is whole now: the hardware keeps two, a third unread is lost. */
	if (uart_fifo_get_read_size(&uart->input) > HARDWARE_FIFO_BYTES)
		overruns++;
	uint8_t byte = from_host[from_host_taken++];

	trace_add(TRACE_RECEIVED, 0, avr->cycle, byte);
	avr_raise_irq(uart->io.irq + UART_IRQ_INPUT, byte);
	return when + uart->cycles_per_byte;
}

static void begin_to_arrive(void)
{
	arriving = from_host_taken < from_host_size;
	if (arriving)
		avr_cycle_timer_register(avr, 1, byte_arrives, NULL);
}

int serial_send(const uint8_t *bytes, size_t size)
{
	if (from_host_size + size > sizeof from_host)
		return 0;
	memcpy(from_host + from_host_size, bytes, size);
	from_host_size += size;
	if (!arriving)
		begin_to_arrive();
	return 1;
}

/* --- the pseudo-terminal --- */

const char *serial_plug(void)
{
	struct termios raw;
	int slave;

	serial_unplug();
	if (openpty(&terminal, &slave, terminal_name, NULL, NULL))
		return NULL;
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	/* Only with every other descriptor closed does poll tell whether somebody is there. */
	close(slave);
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	to_host_size = 0;
	return terminal_name;
}

void serial_unplug(void)
{
	if (terminal >= 0)
		close(terminal);
	terminal = -1;
}

static int somebody_listens(void)
{
	struct pollfd poll_fd = { .fd = terminal };

	return poll(&poll_fd, 1, 0) >= 0 && !(poll_fd.revents & POLLHUP);
}

void serial_exchange(void)
{
	uint8_t bytes[512];
	ssize_t size;

	if (terminal < 0)
		return;
	if (!somebody_listens()) {
		unheard_count += to_host_size;
		to_host_size = 0;
		return;
	}
	size = write(terminal, to_host, to_host_size);
	if (size > 0) {
		memmove(to_host, to_host + size, to_host_size - (size_t)size);
		to_host_size -= (size_t)size;
	}
	size = read(terminal, bytes, sizeof bytes);
	if (size > 0)
		serial_send(bytes, (size_t)size);
}

void serial_print_figures(FILE *out)
{
	fprintf(out, "\"sent_bytes\":%llu,\"lost_writes\":%llu,\"receive_overruns\":%llu,"
		"\"unheard_bytes\":%llu,\"baud\":%.2f", (unsigned long long)sent_count,
		(unsigned long long)lost_writes, (unsigned long long)overruns,
		(unsigned long long)unheard_count,
		(double)CPU_HZ * BITS_A_BYTE / (double)uart->cycles_per_byte);
}

void serial_forget_figures(void)
{
	lost_writes = overruns = unheard_count = 0;
}

void serial_start(void)
{
	uint32_t no_flags = 0;

	uart = machine_part("uart");
	avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &no_flags);
	avr_irq_register_notify(uart->io.irq + UART_IRQ_OUTPUT, on_sent, NULL);
	machine_wrap_write(UBRR0L, ubrr0l_written);
	machine_wrap_write(UBRR0H, ubrr0h_written);
	machine_wrap_write(UCSR0A, ucsr0a_written);
	machine_after_reset(begin_to_arrive);
}
