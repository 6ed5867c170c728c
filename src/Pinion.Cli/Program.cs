Console.WriteLine("pinion 0.1.0");
return 0;
