/*
 * In which of a Redis Cluster's slots a key is.
 *
 * Source: "Redis cluster specification", key hash tags: CRC16 (XMODEM: polynomial
 * 0x1021, from 0) of what stands between the first "{" and the next "}", when
 * that is not nothing, else of the whole key.
 */
#ifndef SENDWARD_SLOT_H
#define SENDWARD_SLOT_H

#include <stddef.h>
#include <stdint.h>

#define SLOTS 16384

uint16_t slot_crc16(const char *bytes, size_t len);

/* 0 to SLOTS - 1. */
unsigned slot_of(const char *key, size_t len);

#endif
