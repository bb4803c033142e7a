// A Kalman filter of one coordinate with constant velocity. A box uses four of them: centre x,
// centre y, width and height do not influence each other.

export class CoordinateFilter {
  value: number;
  /** Per second. */
  velocity = 0;
  // Covariance, symmetric.
  #pp: number;
  #pv = 0;
  #vv: number;

  /**
   * @param value first measurement
   * @param positionDeviation standard deviation of a measurement
   * @param velocityDeviation standard deviation of the unknown velocity, per second
   */
  constructor(value: number, positionDeviation: number, velocityDeviation: number) {
    this.value = value;
    this.#pp = positionDeviation ** 2;
    this.#vv = velocityDeviation ** 2;
  }

  /** The same filter, to come back to. */
  copy(): CoordinateFilter {
    const other = new CoordinateFilter(this.value, 0, 0);
    other.velocity = this.velocity;
    other.#pp = this.#pp;
    other.#pv = this.#pv;
    other.#vv = this.#vv;
    return other;
  }

  /** Moves on by `seconds`; `acceleration` is its standard deviation, per second squared. */
  predict(seconds: number, acceleration: number): void {
    this.value += this.velocity * seconds;
    const noise = acceleration ** 2;
    this.#pp += 2 * seconds * this.#pv + seconds ** 2 * this.#vv + (noise * seconds ** 4) / 4;
    this.#pv += seconds * this.#vv + (noise * seconds ** 3) / 2;
    this.#vv += noise * seconds ** 2;
  }

  correct(measured: number, deviation: number): void {
    const gain = 1 / (this.#pp + deviation ** 2);
    const positionGain = this.#pp * gain;
    const velocityGain = this.#pv * gain;
    const surprise = measured - this.value;
    this.value += positionGain * surprise;
    this.velocity += velocityGain * surprise;
    this.#vv -= velocityGain * this.#pv;
    this.#pv *= 1 - positionGain;
    this.#pp *= 1 - positionGain;
  }
}
