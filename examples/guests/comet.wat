;; A mod of examples/08_game.cpp: a comet that falls and bounces, in floating point, and leaves its last places behind.
(module
  (import "field" "plot" (func $plot (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $x (mut f64) (f64.const 3)) (global $y (mut f64) (f64.const 0))
  (global $speed (mut f64) (f64.const 0)) (global $age (mut i32) (i32.const 0))
  (func (export "tick") (local $i i32)
    (global.set $speed (f64.add (global.get $speed) (f64.const 0.21)))
    (global.set $x (f64.add (global.get $x) (f64.const 1.37)))
    (global.set $y (f64.add (global.get $y) (global.get $speed)))
    (if (f64.gt (global.get $y) (f64.const 6.9)) (then
      (global.set $y (f64.const 6.9))
      (global.set $speed (f64.mul (global.get $speed) (f64.const -0.8)))))
    ;; its places, a ring of eight
    (i32.store8 offset=64 (i32.and (global.get $age) (i32.const 7)) (i32.trunc_sat_f64_s (global.get $x)))
    (i32.store8 offset=72 (i32.and (global.get $age) (i32.const 7)) (i32.trunc_sat_f64_s (global.get $y)))
    (global.set $age (i32.add (global.get $age) (i32.const 1)))
    (loop $again
      (call $plot (i32.load8_u offset=64 (local.get $i)) (i32.load8_u offset=72 (local.get $i)) (i32.const 46))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (call $plot (i32.trunc_sat_f64_s (global.get $x)) (i32.trunc_sat_f64_s (global.get $y)) (i32.const 42))))
