module top(input clk, input [3:0] a, b, output reg [4:0] sum, output reg [3:0] most);
  always @(posedge clk) begin
    sum <= a + b;
    most <= a > b ? a : b;
  end
endmodule
