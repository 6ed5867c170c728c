using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>AES, the 64-bit PMULL and SHA-256, where the host has instructions for them.</content>
internal sealed unsafe partial class BlockCompiler
{
    // These have no prefix; the two rounds take their words from XMM0.
    private const byte Sha256TwoRounds = 0xCB;
    private const byte Sha256Message1 = 0xCC;
    private const byte Sha256Message2 = 0xCD;

    /// <summary>CPUID 7, EBX bit 29.</summary>
    private static bool HasSha => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ebx & (1 << 29)) != 0;

    private static void AddVectorCrypto(Emitter?[] emitters)
    {
        if (Aes.IsSupported)
        {
            Add(emitters, Always(static (c, r) => c.AesRound(r, Aesenclast)), Op.Aese);
            Add(emitters, Always(static (c, r) => c.AesRound(r, Aesdeclast)), Op.Aesd);
            Add(emitters, Always(static (c, r) =>
            {
                // The last decryption round undoes what the encryption round does before it mixes.
                c.LoadOperand(0, r->Rn);
                c.Zero(1);
                c._x.Packed(Aesdeclast, 0, 1);
                c._x.Packed(Aesenc, 0, 1);
                c.PutWhole(r->Rd, 0);
            }), Op.Aesmc);
            Add(emitters, Always(static (c, r) =>
            {
                c.OperatePacked(Aesimc, 0, r->Rn);
                c.PutWhole(r->Rd, 0);
            }), Op.Aesimc);
        }

        if (System.Runtime.Intrinsics.X86.Pclmulqdq.IsSupported)
        {
            Add(emitters, Always(static (c, r) =>
            {
                c.LoadOperand(0, r->Rn);
                c.OperatePacked(X64Vector.Pclmulqdq, 0, r->Rm, (byte)(Shape.Part(r) == 0 ? 0 : 0x11));
                c.PutWhole(r->Rd, 0);
            }), Op.Pmull1Q);
        }

        if (HasSha)
        {
            Add(emitters, Always(static (c, r) => c.Sha256Rounds(r, r->Rd, r->Rn, 0xBB)), Op.Sha256h);
            Add(emitters, Always(static (c, r) => c.Sha256Rounds(r, r->Rn, r->Rd, 0x11)), Op.Sha256h2);
            Add(emitters, Always(static (c, r) =>
            {
                c.LoadOperand(0, r->Rd);
                c.LoadOperand(1, r->Rn);
                c._x.Vector38(0, Sha256Message1, 0, 1);
                c.PutWhole(r->Rd, 0);
            }), Op.Sha256su0);
            Add(emitters, Always(static (c, r) =>
            {
                c.LoadOperand(1, r->Rm);
                c.CopyVector(0, 1);
                c.OperatePacked(Palignr, 0, r->Rn, 4);
                c.OperatePacked(Paddd, 0, r->Rd);
                c._x.Vector38(0, Sha256Message2, 0, 1);
                c.PutWhole(r->Rd, 0);
            }), Op.Sha256su1);
        }
    }

    private void AesRound(Rec* r, X64Vector operation)
    {
        LoadOperand(0, r->Rd);
        OperatePacked(Pxor, 0, r->Rn);
        Zero(1);
        _x.Packed(operation, 0, 1);
        PutWhole(r->Rd, 0);
    }
    /// <summary>
    /// Four rounds of SHA-256. The host does two at a time, and wants A, B, E and F together, and C, D, G and H, the first of each on top; what was the former becomes the latter. <paramref name="half"/> tells which half
    /// of the state is the result.
    /// </summary>
    private void Sha256Rounds(Rec* r, int abcd, int efgh, byte half)
    {
        LoadOperand(3, abcd);
        LoadOperand(0, r->Rm);
        LoadOperand(1, efgh);
        CopyVector(2, 1);

        // shufps
        _x.Vector(0, 0xC6, 1, 3, 0x11);
        _x.Vector(0, 0xC6, 2, 3, 0xBB);
        _x.Vector38(0, Sha256TwoRounds, 2, 1);
        _x.Packed(Pshufd, 0, 0, 0x0E);
        _x.Vector38(0, Sha256TwoRounds, 1, 2);
        _x.Vector(0, 0xC6, 1, 2, half);
        PutWhole(r->Rd, 1);
    }
}
