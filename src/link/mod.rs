//! Bytes to actions: a codec below, a machine above.
