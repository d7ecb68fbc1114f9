/* Does what the bench has to notice: the tests of the bench itself run it, not the device.
 *
 * It sends the ten bits of ADC3 and ADC14 (1.1 V) and what MCUSR and r2 said; echoes what it
 * receives; 'x' makes it write two bytes at once, 'w' lets the watchdog bite, 'm' works with
 * interrupts off for 1000 cycles, 's' talks to the SPI in the wrong mode. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/delay.h>

static uint8_t flags_of_bootloader __attribute__((section(".noinit")));

void keep_r2(void) __attribute__((naked, used, section(".init0")));
void keep_r2(void)
{
	__asm__ volatile("sts flags_of_bootloader, r2");
}

static void send(uint8_t byte)
{
	while (!(UCSR0A & 1 << UDRE0))
		;
	UDR0 = byte;
}

static void send_voltage(uint8_t channel)
{
	ADMUX = channel;
	ADCSRA |= 1 << ADSC;
	while (ADCSRA & 1 << ADSC)
		;
	uint16_t code = ADC;

	send((uint8_t)code);
	send((uint8_t)(code >> 8));
}

ISR(USART_RX_vect)
{
	uint8_t byte = UDR0;

	switch (byte) {
	case 'x':
		send('1');
		UDR0 = '2';
		UDR0 = '3';
		break;
	case 'w':
		wdt_enable(WDTO_15MS);
		break;
	case 'm':
		__builtin_avr_delay_cycles(1000);
		break;
	case 's':
		PORTB &= (uint8_t)~(1 << 2);
		SPCR = 1 << SPE | 1 << MSTR;
		SPDR = 0x20;
		SPDR = 0;
		break;
	default:
		send(byte);
	}
}

int main(void)
{
	uint8_t flags = MCUSR;

	MCUSR = 0;
	wdt_disable();
	UBRR0 = 103;
	UCSR0B = 1 << TXEN0 | 1 << RXEN0 | 1 << RXCIE0;
	DDRB = 1 << 2 | 1 << 3 | 1 << 5;
	DDRD = 1 << 4;
	PORTB = 1 << 2;
	PORTD = 1 << 4;
	ADCSRA = 1 << ADEN | 7;
	send_voltage(3);
	send_voltage(14);
	send(flags);
	send(flags_of_bootloader);
	sei();
	for (;;)
		sleep_mode();
}
