using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>Cryptographic instructions.</content>
internal static unsafe partial class Lowering
{
    private static Op LowerCrypto(A64Id id, uint word, Rec* r) => id switch
    {
        A64Id.Aese => Op.Aese,
        A64Id.Aesd => Op.Aesd,
        A64Id.Aesmc => Op.Aesmc,
        A64Id.Aesimc => Op.Aesimc,
        A64Id.Sha1c => Op.Sha1c,
        A64Id.Sha1p => Op.Sha1p,
        A64Id.Sha1m => Op.Sha1m,
        A64Id.Sha1su0 => Op.Sha1su0,
        A64Id.Sha1h => Op.Sha1h,
        A64Id.Sha1su1 => Op.Sha1su1,
        A64Id.Sha256h => Op.Sha256h,
        A64Id.Sha256h2 => Op.Sha256h2,
        A64Id.Sha256su0 => Op.Sha256su0,
        A64Id.Sha256su1 => Op.Sha256su1,
        _ => Op.Decode,
    };
}
