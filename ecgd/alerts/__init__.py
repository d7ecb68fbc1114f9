"""Floor 3: what people hear, see and receive: buzzer, lights, button, webhooks."""
