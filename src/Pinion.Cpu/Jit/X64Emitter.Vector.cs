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
    public void PackedVex(X64Vector operation, int to, int left, int right, bool wide)
    {
        int map = ((ushort)operation >> 8) switch
        {
            0x38 => 2,
            0x3A => 3,
            _ => 1,
        };
        Byte(0xC4);
        Byte((byte)(((~to & 8) << 4) | 0x40 | ((~right & 8) << 2) | map));
        Byte((byte)((wide ? 0x80 : 0) | ((~left & 15) << 3) | 1));
        Byte((byte)operation);
        RegisterOperands(to, right);
    }

    private void Opcode(X64Vector operation)
    {
        Byte(0x0F);
        Prefix((byte)((ushort)operation >> 8));
        Byte((byte)operation);
    }

    private void RegisterOperands(int register, int other) => Byte((byte)(0xC0 | ((register & 7) << 3) | (other & 7)));
}
