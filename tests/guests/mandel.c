// SPDX-License-Identifier: MIT
// Floating-point arithmetic whose every bit matters: a picture of the Mandelbrot set as a checksum.

__attribute__((export_name("run"))) unsigned run(int width, int height, int limit) {
    unsigned sum = 0;
    for (int row = 0; row < height; ++row)
        for (int column = 0; column < width; ++column) {
            const double cx = -2.0 + 3.0 * column / width, cy = -1.0 + 2.0 * row / height;
            double x = 0, y = 0;
            int steps = 0;
            while (steps < limit && x * x + y * y < 4.0) {
                const double next = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = next;
                ++steps;
            }
            sum = sum * 16777619u ^ (unsigned)steps;
        }
    return sum;
}
