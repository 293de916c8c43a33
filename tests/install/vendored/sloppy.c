/* SPDX-License-Identifier: Apache-2.0 */

/* Unused, unprototyped and sign-confused on purpose: no warning of tpmcloud's may reach it. */
int sloppy(unknown)
int unknown;
{
    int unused;
    unsigned char narrow = unknown;

    return narrow > 0u;
}
