/* The UART: 8N1, one interrupt for each direction, nothing ever waits. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "../core/byte_ring.h"
#include "../settings.h"
#include "board.h"

/* Both divisors, and the one whose rate lies nearer; the plain one where they are alike. */
#define DIVISOR(clocks_per_bit) ((F_CPU + (clocks_per_bit)*BAUD_RATE / 2) / ((clocks_per_bit)*BAUD_RATE))
#define RATE(clocks_per_bit) (F_CPU / ((clocks_per_bit)*DIVISOR(clocks_per_bit)))
#define DISTANCE(rate) ((rate) > BAUD_RATE ? (rate)-BAUD_RATE : BAUD_RATE - (rate))
#define DOUBLE_SPEED (DISTANCE(RATE(8L)) < DISTANCE(RATE(16L)))
#define CLOCKS_PER_BIT (DOUBLE_SPEED ? 8L : 16L)

#if DISTANCE(RATE(CLOCKS_PER_BIT)) * 1000L > BAUD_RATE * 22L
#error "BAUD_RATE: 16 MHz cannot be divided to it within 2.2 %. 9600, 19200, 38400, 57600, 115200 can."
#endif

void serial_begin(void)
{
    PORTD |= _BV(PD0); /* an open RXD is quiet */
    UCSR0A = DOUBLE_SPEED ? _BV(U2X0) : 0;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    UBRR0H = (uint8_t)((DIVISOR(CLOCKS_PER_BIT) - 1) >> 8);
    UBRR0L = (uint8_t)(DIVISOR(CLOCKS_PER_BIT) - 1);
}

void board_transmit_begin(void)
{
    UCSR0B |= _BV(UDRIE0);
}

ISR(USART_UDRE_vect)
{
    if (transmit_is_empty())
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
    else
        UDR0 = transmit_take();
}

ISR(USART_RX_vect)
{
    bool broken = UCSR0A & (_BV(FE0) | _BV(DOR0)); /* read before the byte, which clears it */
    uint8_t byte = UDR0;
    if (!broken)
        receive_put(byte);
}
