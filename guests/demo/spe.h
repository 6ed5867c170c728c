/* Registers of the Statistical Profiling Extension, for assemblers that do not know their names. */
#ifndef SPE_H
#define SPE_H

#include "machine.h"

#define PMSCR_EL1 S3_0_C9_C9_0
#define PMSICR_EL1 S3_0_C9_C9_2
#define PMSIRR_EL1 S3_0_C9_C9_3
#define PMSFCR_EL1 S3_0_C9_C9_4
#define PMSEVFR_EL1 S3_0_C9_C9_5
#define PMSLATFR_EL1 S3_0_C9_C9_6
#define PMSIDR_EL1 S3_0_C9_C9_7
#define PMBLIMITR_EL1 S3_0_C9_C10_0
#define PMBPTR_EL1 S3_0_C9_C10_1
#define PMBSR_EL1 S3_0_C9_C10_3
#define PMBIDR_EL1 S3_0_C9_C10_7
#define read_spe(name) read_expanded(name)
#define read_expanded(name) read_sysreg(name)
#define write_spe(name, value) write_expanded(name, value)
#define write_expanded(name, value) write_sysreg(name, value)

#define PMSCR_E1SPE (1ul << 1)
#define PMSCR_PA (1ul << 4)
#define PMSCR_TS (1ul << 5)
#define PMSIRR_RND 1ul
#define PMBLIMITR_E 1ul
#define PMBSR_MSS 0xfffful
#define PMBSR_COLL (1ul << 16)
#define PMBSR_S (1ul << 17)
#define PMBSR_EA (1ul << 18)
#define PMBSR_DL (1ul << 19)
#define PMBSR_EC (0x3ful << 26)
#define BSC_FULL 1ul

#endif
