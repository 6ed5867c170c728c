namespace Pinion.Cpu.Jit;

/// <content>Integer vector operations.</content>
internal unsafe partial struct X64Emitter
{
    public void Packed(X64Vector operation, int to, int from)
    {
        Byte(0x66);
        Rex(false, (byte)to, 0, (byte)from);
        Opcode(operation);
        RegisterOperands(to, from);
    }

    public void Packed(X64Vector operation, int to, in X64Memory from)
    {
        Byte(0x66);
        MemoryRex(false, (byte)to, from, false);
        Opcode(operation);
        ModRm((byte)to, from);
    }

    public void Packed(X64Vector operation, int to, int from, byte value)
    {
        Packed(operation, to, from);
        Byte(value);
    }

    public void Packed(X64Vector operation, int to, in X64Memory from, byte value, bool wide = false)
    {
        Byte(0x66);
        MemoryRex(wide, (byte)to, from, false);
        Opcode(operation);
        ModRm((byte)to, from);
        Byte(value);
    }

    /// <summary>With a general register as the source.</summary>
    public void Packed(X64Vector operation, int to, X64Register from, byte value, bool wide)
    {
        Byte(0x66);
        Rex(wide, (byte)to, 0, (byte)from);
        Opcode(operation);
        RegisterOperands(to, (int)from);
        Byte(value);
    }

    /// <summary>Shifts lanes of 1 &lt;&lt; <paramref name="size"/> bytes (2 to 8) by an immediate.</summary>
    public void PackedShift(X64VectorShift shift, int size, int vector, int amount)
    {
        Byte(0x66);
        Rex(false, 0, 0, (byte)vector);
        Byte(0x0F);
        Byte((byte)(0x70 + size));
        RegisterOperands((int)shift, vector);
        Byte((byte)amount);
    }

    /// <summary>The VEX form: to = left operation right.</summary>
    public void PackedVex(X64Vector operation, int to, int left, int right, bool wide = false)
    {
        Vex(MapOf(operation), 0x66, (byte)to, 0, (byte)right, left, wide);
        Byte((byte)operation);
        RegisterOperands(to, right);
    }

    /// <summary>As <see cref="PackedVex(X64Vector, int, int, int, bool)"/> with memory.</summary>
    public void PackedVex(X64Vector operation, int to, int left, in X64Memory right)
    {
        Vex(MapOf(operation), 0x66, (byte)to, right.Index == X64Memory.NoIndex ? (byte)0 : (byte)right.Index, (byte)right.Base, left, false);
        Byte((byte)operation);
        ModRm((byte)to, right);
    }

    private static int MapOf(X64Vector operation) => ((ushort)operation >> 8) switch
    {
        0x38 => 2,
        0x3A => 3,
        _ => 1,
    };

    private void Opcode(X64Vector operation)
    {
        Byte(0x0F);
        Prefix((byte)((ushort)operation >> 8));
        Byte((byte)operation);
    }

    private void RegisterOperands(int register, int other) => Byte((byte)(0xC0 | ((register & 7) << 3) | (other & 7)));
}
